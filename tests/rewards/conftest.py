"""A small rule set, its judge, and candidates made by hand."""

from collections.abc import Callable

import pytest
from small_sets import small_set

from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]


@pytest.fixture
def ruleset() -> RuleSet:
    """Ranks good, poor and bad: to lack ``kind`` is poor, ``rude`` is bad, ``idle`` is neither."""
    return small_set(
        {"be-kind": ("kind", "poor"), "not-rude": ("not rude", "bad")},
        axioms=["kind implies not rude"],
        definitions={"neutral": "not kind and not rude"},
        names=("kind", "rude", "idle"),
    )


@pytest.fixture
def judge(ruleset: RuleSet) -> Judge:
    return Judge(ruleset)


@pytest.fixture
def make() -> MakeCandidate:
    numbers = iter(range(1_000_000))

    def candidate(
        prompt: str,
        label: str,
        kind: float,
        rude: float,
        rm_score: float = 0.0,
        content: str | None = None,
    ) -> Candidate:
        number = next(numbers)
        return Candidate(
            id=f"r{number}",
            group=prompt,
            prompt=prompt,
            content=content or f"content {number}",
            response_class="c",
            probabilities={"kind": kind, "rude": rude},
            label=label,
            rm_score=rm_score,
        )

    return candidate


@pytest.fixture
def result() -> Callable[..., Result]:
    def make(id: str, answers: dict[str, float | None], **fields: object) -> Result:
        settings: dict[str, object] = {
            "content_digest": f"content of {id}",
            "prompt_digest": "p",
            "response_class": "c",
        }
        return Result(
            id=id,
            answers={
                name: Answer(error="no reply") if p is None else Answer(p, "test")
                for name, p in answers.items()
            },
            grader=GraderIdentity("embedded", "0"),
            ruleset=RuleSetIdentity("small", "1", ""),
            **(settings | fields),  # type: ignore[arg-type]
        )

    return make
