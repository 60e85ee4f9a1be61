import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbrctl.rewards.evaluation.best_of import best_of_rows, chances_of_winning
from rbrctl.rewards.evaluation.reward_parts import RewardParts, reward_parts
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import compare
from rbrctl.rewards.pairs.orderings import rank_ordering
from rbrctl.ruleset.verdict import Judge
from rbrctl.statistics.intervals import wilson_interval

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
    assert chances_of_winning(rewards, number).tolist() == pytest.approx(expected)


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
    assert (rows["rules"].low, rows["rules"].high) == wilson_interval(2, 2)


def drawn(judge: Judge, make: MakeCandidate, sizes: Sequence[int]) -> RewardParts:
    rows = [
        make(f"p{prompt}", "bad" if number else "good", 1.0 / (1 + number), 0.1)
        for prompt, size in enumerate(sizes)
        for number in range(size)
    ]
    data = compare(rows, judge, rank_ordering(("good", "poor", "bad")), {"c": ("kind",)})
    return reward_parts(data.classes["c"], {"kind": 1.0})


@pytest.mark.parametrize(
    ("sizes", "largest"),
    [([4, 4, 8, 8], 8), ([4, 4, 4, 8], 4), ([2, 16], 16), ([1, 1, 1, 9], 8), ([3, 3, 4], 2)],
)
def test_the_largest_n_is_what_half_the_prompts_reach(
    judge: Judge, make: MakeCandidate, sizes: list[int], largest: int
) -> None:
    rows = best_of_rows([drawn(judge, make, sizes)], 10)
    assert max(rows[0].shares) == largest
    assert rows[0].prompts == sum(size >= largest for size in sizes)


def test_one_prompt_has_no_interval_and_many_that_succeed_no_certainty(
    judge: Judge, make: MakeCandidate
) -> None:
    one, ten = (best_of_rows([drawn(judge, make, [4] * n)], 50)[1] for n in (1, 10))
    assert one.shares[4] == ten.shares[4] == 1
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert (ten.low, ten.high) == wilson_interval(10, 10)


def test_a_prompt_of_two_classes_is_drawn_with_both(judge: Judge, make: MakeCandidate) -> None:
    """Each of ten prompts succeeds in both classes or in neither: twice told is once known."""

    def shares(classes: int) -> list[tuple[float, float, int]]:
        parts = []
        for name in ("c", "d")[:classes]:
            part = drawn(judge, make, [2] * 10)
            rewards = {"rules": np.where(part.data.prompts < 5, 1, -1) * part.rewards["rules"]}
            data = replace(part.data, response_class=name)
            parts.append(RewardParts(data, {**part.rewards, **rewards}))
        row = best_of_rows(parts, 500)[1]
        return [(row.low, row.high, row.prompts)]

    assert shares(1) == shares(2)
    assert shares(1)[0][0] < 0.3


def test_thousands_of_completions_of_one_prompt_are_quick() -> None:
    rewards = np.random.default_rng(0).random(20_000)
    start = time.process_time()
    chances = chances_of_winning(rewards, 64)
    assert time.process_time() - start < 2
    assert chances.sum() == pytest.approx(1)
    assert chances.argmax() == rewards.argmax()


def test_a_reward_that_tells_nothing_is_as_good_as_drawing_one(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [make("", label, 0.5, 0.5) for label in ("good", "bad")]
    data = compare(rows, judge, rank_ordering(("good", "poor", "bad")), {"c": ("kind",)})
    parts = reward_parts(data.classes["c"], {"kind": 1.0})
    (first, *_) = best_of_rows([parts], 10)
    assert first.shares == pytest.approx({1: 0.5, 2: 0.5})
    assert best_of_rows([], 10) == []
