from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbrctl.rewards.comparisons.candidates import Candidate
from rbrctl.rewards.comparisons.compare import compare
from rbrctl.rewards.comparisons.orderings import rank_ordering
from rbrctl.rewards.evaluation.best_of import best_of_rows, chances_of_winning
from rbrctl.rewards.evaluation.reward_parts import RewardParts, reward_parts
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=7), st.integers(1, 7))
def test_chances_are_those_of_all_subsets(rewards: list[int], number: int) -> None:
    number = min(number, len(rewards))
    expected = [0.0] * len(rewards)
    subsets = list(combinations(range(len(rewards)), number))
    for subset in subsets:
        highest = max(rewards[index] for index in subset)
        winners = [index for index in subset if rewards[index] == highest]
        for index in winners:
            expected[index] += 1 / len(winners) / len(subsets)
    assert chances_of_winning(rewards, number) == pytest.approx(expected)


@pytest.fixture
def parts(judge: Judge, make: MakeCandidate) -> RewardParts:
    """Prompt p: the rules are right, the model is wrong; q: the model cannot tell; r: too few."""
    rows = [
        make("p", "good", 0.9, 0.1, rm_score=0.0),
        make("p", "poor", 0.5, 0.1, rm_score=1.0),
        make("p", "bad", 0.1, 0.9, rm_score=2.0),
        make("p", "bad", 0.1, 0.9, rm_score=9.0),
        make("q", "good", 0.9, 0.1),
        make("q", "good", 0.9, 0.1),
        make("q", "bad", 0.1, 0.9),
        make("q", "bad", 0.1, 0.9),
        make("r", "good", 0.9, 0.1),
        make("r", "bad", 0.1, 0.9),
    ]
    ordering = rank_ordering(("good", "poor", "bad"))
    data = compare(rows, judge, ordering, {"c": ("kind", "rude")}).classes["c"]
    return reward_parts(data, {"kind": 3.0, "rude": -3.0})


def test_the_share_of_ideal_choices_grows_with_n(parts: RewardParts) -> None:
    rows = {row.kind: row for row in best_of_rows([parts], 50)}
    assert {row.prompts for row in rows.values()} == {2}
    assert rows["rules"].shares == pytest.approx({1: 3 / 8, 2: (1 / 2 + 5 / 6) / 2, 4: 1.0})
    assert rows["reward model"].shares == pytest.approx({1: 3 / 8, 2: 1 / 4, 4: 1 / 4})
    assert rows["both"].shares[4] == pytest.approx(1 / 2)
    assert (rows["both"].low, rows["both"].high) == (0.0, 1.0)
    assert rows["rules"].low == rows["rules"].high == 1.0


def test_a_reward_that_tells_nothing_is_as_good_as_drawing_one(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [make("", label, 0.5, 0.5) for label in ("good", "bad")]
    data = compare(rows, judge, rank_ordering(("good", "poor", "bad")), {"c": ("kind",)})
    parts = reward_parts(data.classes["c"], {"kind": 1.0})
    (first, *_) = best_of_rows([parts], 10)
    assert first.shares == pytest.approx({1: 0.5, 2: 0.5})
    assert best_of_rows([], 10) == []
