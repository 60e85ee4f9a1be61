"""Asking again what the new rules ask otherwise, and nothing else."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.records.models import Answer, GraderIdentity, Result, Transcript
from rbrctl.ruleset.verdict import Judge


@dataclass(slots=True)
class Regrading:
    """
    Which answers of a results file the new rules make stale, and those that came in their place.

    An answer is stale where the grader would now be given something else for its proposition, told
    by its digest; an answer to a renamed proposition that is asked as before is kept.
    """

    judge: Judge
    """Of the new rules."""
    grader: Grader
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Renamed propositions, from the new name to the old one."""
    wanted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By content digest, the propositions to ask again."""
    answers: dict[str, Mapping[str, Answer]] = field(default_factory=dict)
    """By content digest, the answers that came."""

    def look_at(self, results: Iterable[Result]) -> None:
        """
        Find what is stale.

        Raises UsageError where other graders answered than the one that would be asked.
        """
        others: set[GraderIdentity] = set()
        identity = self.grader.identity
        for result in results:
            if (result.grader.kind, result.grader.model) != (identity.kind, identity.model):
                others.add(result.grader)
            if stale := tuple(self._stale(result)):
                self.wanted[result.content_digest] = stale
        if others:
            named = ", ".join(sorted(f"{each.kind} {each.model or ''}".strip() for each in others))
            raise UsageError(
                f"the results were answered by {named}, and --grader is {identity.kind} "
                f"{identity.model or ''}".rstrip()
                + "; only the same grader can be asked again"
            )

    def _stale(self, result: Result) -> Iterator[str]:
        response_class = self.judge.ruleset.resolve_response_class(result.response_class or "")
        if response_class is None:
            return
        for name in self.judge.dependencies(response_class):
            digest = self.grader.question_digests.get(name)
            if digest is not None and self._kept(result, name).digest != digest:
                yield name

    def _kept(self, result: Result, name: str) -> Answer:
        nothing = Answer(error="not asked")
        own = result.answers.get(name)
        return own or result.answers.get(self.renamed.get(name, name)) or nothing

    async def ask(self, transcripts: Iterable[Transcript], on_answered: Callable[[], None]) -> None:
        """
        Ask the stale propositions of those transcripts that have any.

        Raises GraderError when going on is pointless.
        """
        flying: set[asyncio.Task[None]] = set()
        try:
            for transcript in transcripts:
                content = transcript.content_digest
                if content in self.wanted and content not in self.answers:
                    self.answers[content] = {}
                    flying.add(asyncio.create_task(self._ask(transcript)))
                while len(flying) >= max(1, self.grader.concurrency):
                    flying = await _landed(flying, on_answered)
            while flying:
                flying = await _landed(flying, on_answered)
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)

    async def _ask(self, transcript: Transcript) -> None:
        names = self.wanted[transcript.content_digest]
        self.answers[transcript.content_digest] = await self.grader.answer(transcript, names)

    def renewed(self, results: Iterable[Result]) -> Iterator[Result]:
        """Give the results with the new answers in the place of the stale ones."""
        for result in results:
            yield replace(
                result,
                answers={**result.answers, **self.answers.get(result.content_digest, {})},
            )

    @property
    def left(self) -> dict[str, int]:
        """Count by proposition the answers that stay stale, for want of the transcript's text."""
        counts: dict[str, int] = {}
        for content, names in self.wanted.items():
            if content not in self.answers:
                for name in names:
                    counts[name] = counts.get(name, 0) + 1
        return counts


async def _landed(
    flying: set[asyncio.Task[None]], on_answered: Callable[[], None]
) -> set[asyncio.Task[None]]:
    done, left = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
        on_answered()
    return left
