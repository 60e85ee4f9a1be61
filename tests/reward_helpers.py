"""A grader that reads plain words, weights and candidates for the small rule set of tests."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np
from small_sets import small_set

from rbrctl.graders.interface import GraderNote
from rbrctl.records.models import Answer, GraderIdentity, RuleSetIdentity, Transcript
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.model import PolicyArea, PolicyCategory, RuleSet

WEIGHTS = Weights(
    ruleset=RuleSetIdentity("small", "1", ""),
    classes={"c": {"kind": 2.0, "rude": -1.0, "good": 0.5}},
)


def small_rules() -> RuleSet:
    return small_set(
        {"be-kind": ("kind", "poor"), "not-rude": ("not rude", "bad")},
        names=("kind", "rude"),
    )


def with_policy(ruleset: RuleSet, **classes: str) -> RuleSet:
    """Add a policy: each category with its response class, ``greeting`` of class c by default."""
    given = classes or {"greeting": "c"}
    categories = [PolicyCategory(name, "", each) for name, each in given.items()]
    return replace(ruleset, policy=(PolicyArea("area", "", tuple(categories)),))


class WordGrader:
    """P(kind) and P(rude) are 1 where the word stands in the completion, else 0."""

    asks_together = True
    notes: tuple[GraderNote, ...] = ()

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


def noisy(make: Callable[..., Candidate], prompts: int = 40, seed: int = 0) -> list[Candidate]:
    """Ranks that mostly follow the answers, and a reward model that knows a little."""
    generator = np.random.default_rng(seed)
    rows = []
    for prompt in range(prompts):
        for _ in range(5):
            kind, rude = generator.random(2)
            quality = kind - 2 * rude + generator.normal(0, 0.4)
            label = "good" if quality > 0 else "poor" if quality > -0.8 else "bad"
            rows.append(make(f"p{prompt}", label, kind, rude, float(generator.normal(0, 0.3))))
    return rows
