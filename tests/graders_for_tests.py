"""Graders with known answers, to test what stands above graders."""

import asyncio
from collections.abc import Collection, Mapping

from rbrctl.errors import GraderError
from rbrctl.graders.interface import GraderNote
from rbrctl.records.models import Answer, GraderIdentity, Transcript
from rbrctl.ruleset.model import RuleSet


class OracleGrader:
    """Answers with the transcript's own labels, but for those that it is told to get wrong."""

    def __init__(
        self,
        ruleset: RuleSet,
        *,
        wrong: Collection[tuple[str, str]] = (),
        failing: Collection[tuple[str, str]] = (),
        knows: Collection[str] | None = None,
        concurrency: int = 1,
        dies_at: str | None = None,
        version: str = "1",
    ) -> None:
        """Get (id, proposition) pairs in ``wrong`` wrong, and fail at those in ``failing``."""
        self.identity = GraderIdentity("oracle", digest=f"oracle-{version}")
        names = ruleset.propositions if knows is None else knows
        self.question_digests: Mapping[str, str] = {name: f"{name}-{version}" for name in names}
        self.asks_together = True
        self.notes: tuple[GraderNote, ...] = ()
        self.concurrency = concurrency
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.most_in_flight = 0
        self.closed = False
        self._in_flight = 0
        self._wrong = set(wrong)
        self._failing = set(failing)
        self._dies_at = dies_at

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """Answer after letting others run."""
        self.calls.append((transcript.id, tuple(propositions)))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await asyncio.sleep(0.001 if self.concurrency > 1 else 0)
        self._in_flight -= 1
        if transcript.id == self._dies_at:
            raise GraderError("the grader is gone")
        return {name: self._answer(transcript, name) for name in propositions}

    def _answer(self, transcript: Transcript, name: str) -> Answer:
        digest = self.question_digests[name]
        if (transcript.id, name) in self._failing:
            return Answer(error="no answer", digest=digest)
        truth = transcript.labels.get(name, False) ^ ((transcript.id, name) in self._wrong)
        return Answer(probability=0.9 if truth else 0.1, source="oracle", digest=digest)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True
