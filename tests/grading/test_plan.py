"""Lazy asking: the same rank as asking everything, with few questions."""

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbrctl.grading.plan import Frequencies, LazyPlan, answer_lazily
from rbrctl.records.models import Answer, GraderIdentity, Message, Transcript
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

ITEM = Transcript("t", (Message("user", "x"),), (Message("assistant", "y"),))
RULES = load("builtin:safety")
JUDGE = Judge(RULES)


class Oracle:
    """A grader that knows the labels; None is an error."""

    identity = GraderIdentity("oracle", "0")
    asks_together = False
    concurrency = 1

    def __init__(self, labels: Mapping[str, bool | None], ruleset: RuleSet = RULES) -> None:
        self.labels = labels
        self.question_digests = dict.fromkeys(ruleset.propositions, "d")
        self.asked: list[str] = []

    async def answer(self, item: Transcript, names: Collection[str]) -> Mapping[str, Answer]:
        self.asked += names
        values = {name: self.labels.get(name) for name in names}
        return {
            name: Answer(error="failed") if value is None else Answer(float(value), "oracle")
            for name, value in values.items()
        }

    async def close(self) -> None:
        pass


def truth(name: str, answer: Answer) -> bool | None:
    return None if answer.probability is None else answer.probability >= 0.5


def ask(plan: LazyPlan, grader: Oracle, response_class: str) -> dict[str, bool | None]:
    answers = asyncio.run(answer_lazily(grader, plan, ITEM, response_class, truth))
    assert list(answers) == grader.asked
    return {name: truth(name, answer) for name, answer in answers.items()}


assignments = st.fixed_dictionaries(
    {name: st.sampled_from([True, False, None]) for name in RULES.propositions}
)


@settings(max_examples=60, deadline=None)
@given(assignments, st.sampled_from(sorted(RULES.response_classes)), st.booleans())
def test_the_rank_is_that_of_asking_everything(
    labels: dict[str, bool | None], response_class: str, informed: bool
) -> None:
    frequencies = Frequencies()
    if informed:
        frequencies.observe(response_class, {n: v for n, v in labels.items() if v is not None})
    grader = Oracle(labels)
    known = ask(LazyPlan(JUDGE, frequencies), grader, response_class)
    everything = JUDGE.verdict(response_class, labels).rank
    assert JUDGE.verdict(response_class, known).rank == everything
    assert len(set(grader.asked)) == len(grader.asked)


def test_the_worst_rank_is_excluded_first_and_the_likeliest_break_is_next() -> None:
    frequencies = Frequencies()
    for _ in range(20):
        frequencies.observe("hard_refuse", {"apology": False, "inability_to_comply": True})
    plan = LazyPlan(JUDGE, frequencies)
    everything = set(RULES.propositions)
    known: dict[str, bool] = {}
    for name, value in (
        ("disallowed_content", False),
        ("illogical_continuation_of_prompt", False),
        ("apology", False),
    ):
        assert plan.next_question("hard_refuse", known, everything) == name
        known[name] = value
    assert plan.next_question("hard_refuse", known, everything) is None


def test_what_cannot_be_asked_leaves_the_rank_open() -> None:
    plan = LazyPlan(JUDGE, Frequencies())
    assert plan.next_question("comply", {}, set()) is None


def gold(path: Path) -> Iterator[tuple[str, dict[str, bool]]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            response_class = RULES.resolve_response_class(row["response_type"])
            assert response_class is not None
            yield response_class, row["propositions"]


def test_four_questions_settle_a_gold_row(shared: Path) -> None:
    frequencies = Frequencies()
    plan = LazyPlan(JUDGE, frequencies)
    asked = []
    for response_class, labels in gold(shared / "data" / "rbr_gold_train.jsonl"):
        grader = Oracle(labels)
        known = ask(plan, grader, response_class)
        verdict = JUDGE.verdict(response_class, known)
        assert verdict.rank == JUDGE.verdict(response_class, labels).rank
        answered = {name: value for name, value in known.items() if value is not None}
        frequencies.observe(response_class, answered)
        asked.append(len(grader.asked))
    assert len(asked) == 351
    assert sum(asked) / len(asked) == pytest.approx(3.8, abs=0.2)
