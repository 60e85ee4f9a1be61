"""A grader that reads plain words, and weights for the small rule set of tests/rewards."""

import asyncio
from collections.abc import Collection, Mapping

from small_sets import small_set

from rbrctl.records.models import Answer, GraderIdentity, RuleSetIdentity, Transcript
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.model import RuleSet

WEIGHTS = Weights(
    ruleset=RuleSetIdentity("small", "1", ""),
    classes={"c": {"kind": 2.0, "rude": -1.0, "good": 0.5}},
)


def small_rules() -> RuleSet:
    return small_set(
        {"be-kind": ("kind", "poor"), "not-rude": ("not rude", "bad")},
        names=("kind", "rude"),
    )


class WordGrader:
    """P(kind) and P(rude) are 1 where the word stands in the completion, else 0."""

    asks_together = True
    notes: tuple[str, ...] = ()

    def __init__(self, delay: float = 0.0, concurrency: int = 4) -> None:
        self.calls: list[str] = []
        self.delay = delay
        self.concurrency = concurrency
        self.running = 0
        self.most_running = 0
        self.closed = False

    @property
    def identity(self) -> GraderIdentity:
        return GraderIdentity("embedded", "words")

    @property
    def question_digests(self) -> Mapping[str, str]:
        return {"kind": "1", "rude": "2"}

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        text = transcript.completion_text
        self.calls.append(text)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(self.delay)
        self.running -= 1
        if "broken" in text:
            return {name: Answer(error="no reply") for name in propositions}
        return {name: Answer(float(name in text.split()), "words") for name in propositions}

    async def close(self) -> None:
        self.closed = True
