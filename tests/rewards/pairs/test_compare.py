from collections.abc import Callable

import numpy as np
import pytest

from rbrctl.errors import NothingMatchedError
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import compare
from rbrctl.rewards.pairs.orderings import rank_ordering, table_ordering
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]
ORDERING = rank_ordering(("good", "poor", "bad"))


def test_pairs_stay_within_a_prompt(judge: Judge, make: MakeCandidate) -> None:
    rows = [
        make("p", "bad", 0.1, 0.9),
        make("q", "good", 0.9, 0.1),
        make("p", "good", 0.8, 0.2, rm_score=3),
        make("q", "poor", 0.3, 0.1),
        make("q", "bad", 0.2, 0.7),
    ]
    data = compare(rows, judge, ORDERING).classes["c"]
    data_pairs = (data.pairs.better, data.pairs.worse)
    found = {(data.ids[b], data.ids[w]) for b, w in zip(*data_pairs, strict=True)}
    assert found == {("r2", "r0"), ("r1", "r3"), ("r1", "r4"), ("r3", "r4")}
    assert data.features == ("kind", "rude", "good", "poor", "bad")
    assert data.values.shape == (5, 5)
    assert data.rm_scores.tolist() == [0, 0, 3, 0, 0]
    assert data.margins.tolist() == [1.0] * 4


def test_a_split_by_prompt_keeps_no_pair_across_it(judge: Judge, make: MakeCandidate) -> None:
    rows = [make(prompt, label, 0.5, 0.5) for prompt in "pqr" for label in ("good", "bad")]
    data = compare(rows, judge, ORDERING).classes["c"]
    part = data.of_prompts(np.array([True, False, True]))
    assert len(part.pairs) == 2
    assert set(part.prompts[part.pairs.better]) == {0, 2}


def test_prompts_with_one_completion_are_counted(judge: Judge, make: MakeCandidate) -> None:
    rows = [make("p", "good", 0.9, 0.1), make("p", "bad", 0.1, 0.9), make("q", "good", 0.9, 0.1)]
    assert compare(rows, judge, ORDERING).single_prompts == 1


def test_nothing_to_compare_says_why(judge: Judge, make: MakeCandidate) -> None:
    rows = [make("p", "good", 0.9, 0.1), make("p", "good", 0.8, 0.1), make("q", "bad", 0.1, 0.5)]
    with pytest.raises(NothingMatchedError) as caught:
        compare(rows, judge, ORDERING)
    assert "2 prompts with one completion only or all of the same rank" in str(caught.value)
    assert "--pairs class" in str(caught.value)


def test_unknown_labels_and_missing_answers_are_left_out(judge: Judge, make: MakeCandidate) -> None:
    rows = [
        make("p", "good", 0.9, 0.1),
        make("p", "bad", 0.1, 0.9),
        make("p", "worst", 0.1, 0.9),
        Candidate("x", "p", "p", "content x", "c", {"kind": 0.5}, "good"),
    ]
    comparisons = compare(rows, judge, ORDERING)
    assert comparisons.skipped.counts == {
        "the label 'worst', which the ordering lacks": 1,
        "missing answers": 1,
    }


def test_contradictory_labels_of_one_completion_are_named(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [
        make("p", "good", 0.9, 0.1, content="same"),
        make("p", "bad", 0.9, 0.1, content="same"),
        make("p", "good", 0.9, 0.1),
        make("p", "poor", 0.2, 0.1),
    ]
    comparisons = compare(rows, judge, ORDERING)
    assert [each.ids for each in comparisons.contradictions] == [("r0", "r1")]
    assert comparisons.skipped.counts == {"contradictory labels": 2}
    assert len(comparisons.classes["c"].pairs) == 1


def test_a_completion_makes_no_pair_with_itself_across_prompts_either(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [
        make("", "good", 0.9, 0.1, content="same"),
        make("", "bad", 0.9, 0.1, content="same"),
        make("", "good", 0.8, 0.1),
        make("", "bad", 0.2, 0.1),
    ]
    comparisons = compare(rows, judge, ORDERING)
    assert [each.ids for each in comparisons.contradictions] == [("r0", "r1")]
    assert len(comparisons.classes["c"].pairs) == 1


def test_labels_that_do_not_compare_with_the_first_are_compared_with_the_others(
    judge: Judge, make: MakeCandidate
) -> None:
    ordering = table_ordering({"b": ["c"], "a": ["d"]})
    rows = [make("p", label, 0.9, 0.1, content="same") for label in "abc"]
    rows += [make("p", label, 0.5, 0.1) for label in "ad"]
    comparisons = compare(rows, judge, ordering)
    assert [each.ids for each in comparisons.contradictions] == [("r1", "r2")]
    assert comparisons.skipped.counts == {"contradictory labels": 3}


def test_a_class_without_a_pair_is_named_beside_those_with_one(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [make("p", "good", 0.9, 0.1), make("p", "bad", 0.1, 0.9)]
    assert compare(rows, judge, ORDERING).classes_without_pairs == ()
