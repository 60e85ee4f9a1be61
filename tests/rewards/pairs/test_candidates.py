from collections.abc import Callable

import pytest

from rbrctl.errors import RecordError
from rbrctl.records.models import Result
from rbrctl.rewards.pairs.candidates import (
    PairScope,
    RankSource,
    SkipCounts,
    candidates_of,
    parse_order,
    read_rm_score,
)
from rbrctl.ruleset.verdict import Judge

MakeResult = Callable[..., Result]
ANSWERS = {"kind": 0.9, "rude": 0.1}


def test_labels_order_by_the_rank_that_they_lead_to(judge: Judge, result: MakeResult) -> None:
    rows = [
        result("a", ANSWERS, labels={"kind": True, "rude": False}),
        result("b", ANSWERS, labels={"kind": False, "rude": False}),
        result("c", ANSWERS, labels={"rude": True}),
        result("d", ANSWERS, labels={"kind": True}),
    ]
    skipped = SkipCounts()
    candidates = candidates_of(rows, judge, RankSource.LABELS, skipped=skipped)
    assert [(each.id, each.label) for each in candidates] == [
        ("a", "good"),
        ("b", "poor"),
        ("c", "bad"),
    ]
    assert skipped.counts == {"no rank from labels": 1}
    assert skipped.examples == {"no rank from labels": "d"}


def test_other_orders_read_the_row(judge: Judge, result: MakeResult) -> None:
    rows = [result("a", ANSWERS, rank="poor", rank_label="good", extra={"kind_of": "perfect"})]
    for order_by, label in (("rank", "poor"), ("rank_label", "good"), ("kind_of", "perfect")):
        assert [each.label for each in candidates_of(rows, judge, parse_order(order_by))] == [label]


def test_pairs_of_a_class_form_one_group(judge: Judge, result: MakeResult) -> None:
    rows = [result(id, ANSWERS, rank="good", prompt_digest=id) for id in "ab"]
    by_class = candidates_of(rows, judge, RankSource.RANK, PairScope.CLASS)
    assert len({each.group for each in by_class}) == 1
    assert (
        len({each.group for each in candidates_of(rows, judge, RankSource.RANK, PairScope.PROMPT)})
        == 2
    )
    assert [each.prompt for each in by_class] == ["a", "b"]


def test_rows_without_a_known_class_are_counted(judge: Judge, result: MakeResult) -> None:
    rows = [
        result("a", ANSWERS, rank="good", response_class=None),
        result("b", ANSWERS, rank="good", response_class="new"),
    ]
    skipped = SkipCounts()
    assert candidates_of(rows, judge, RankSource.RANK, skipped=skipped) == []
    unknown = 'the response class "new", which the rules do not have (there is c)'
    assert skipped.counts == {"no response class": 1, unknown: 1}


def test_failed_answers_are_not_known(judge: Judge, result: MakeResult) -> None:
    rows = [result("a", {"kind": 0.9, "rude": None}, rank="good", extra={"rm_score": 2})]
    (candidate,) = candidates_of(rows, judge, RankSource.RANK)
    assert candidate.probabilities == {"kind": 0.9}
    assert candidate.rm_score == 2.0


@pytest.mark.parametrize("value", ["1", True, float("nan"), float("inf"), [1]])
def test_a_score_that_is_no_number_is_refused(
    value: object, judge: Judge, result: MakeResult
) -> None:
    with pytest.raises(RecordError, match="rm_score must be a"):
        read_rm_score({"rm_score": value})
    with pytest.raises(RecordError, match="a: rm_score"):
        candidates_of(
            [result("a", ANSWERS, rank="good", extra={"rm_score": value})], judge, RankSource.RANK
        )


def test_an_absent_score_is_zero() -> None:
    assert read_rm_score({}) == 0
    assert read_rm_score({"rm_score": None}) == 0
