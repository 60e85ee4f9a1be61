from collections.abc import Callable

import numpy as np
import pytest

from rbrctl.rewards.evaluation.error_rates import (
    PairDifferences,
    error_rate,
    error_rows,
    pair_differences,
)
from rbrctl.rewards.evaluation.reward_parts import RewardParts, distribution, reward_parts
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import compare, reward_differences
from rbrctl.rewards.pairs.orderings import rank_ordering
from rbrctl.rewards.splits import folds_of, resample_counts
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]


def digests(count: int) -> list[str]:
    return [f"p{number:03}" for number in range(count)]


@pytest.fixture
def parts(judge: Judge, make: MakeCandidate) -> RewardParts:
    rows = [
        make("p", "good", 0.9, 0.1, rm_score=0),
        make("p", "poor", 0.5, 0.1, rm_score=0),
        make("p", "bad", 0.1, 0.9, rm_score=1),
        make("q", "good", 0.2, 0.2, rm_score=2),
        make("q", "bad", 0.4, 0.2, rm_score=1),
    ]
    ordering = rank_ordering(("good", "poor", "bad"))
    data = compare(rows, judge, ordering, {"c": ("kind", "rude")}).classes["c"]
    return reward_parts(data, {"kind": 2.0, "rude": -1.0})


def test_each_kind_of_reward_is_judged_by_class_and_worse_rank(parts: RewardParts) -> None:
    rows = {(row.response_class, row.pairs): row.rates for row in error_rows([parts], 100)}
    assert rows[None, "all"]["reward model"].pairs == 4
    assert rows[None, "all"]["reward model"].rate == pytest.approx(3 / 4)
    assert rows[None, "all"]["reward model"].ties == pytest.approx(1 / 4)
    assert rows[None, "all"]["rules"].rate == pytest.approx(1 / 4)
    assert rows["c", "all"]["both"].rate == 0
    assert rows["c", "ideal"]["rules"].pairs == 3
    assert rows["c", "worse: poor"]["reward model"].rate == 1
    assert rows["c", "worse: bad"]["reward model"].rate == pytest.approx(2 / 3)
    assert ("c", "worse: good") not in rows


def test_rewards_that_differ_by_rounding_are_ties(parts: RewardParts) -> None:
    rewards = np.zeros(5)
    rewards[0] += 1e-12
    rate = error_rate(pair_differences(parts.data, reward_differences(parts.data, rewards)))
    assert (rate.rate, rate.ties) == (1.0, 1.0)


def test_intervals_draw_whole_prompts() -> None:
    """Ten prompts, five all wrong: rows of one prompt bring no more certainty than one row."""
    first = np.repeat(np.arange(10), 100)
    wins = np.where(first < 5, -1.0, 1.0)
    counts = resample_counts(digests(10), 2000, 0)
    rate = error_rate(PairDifferences(wins, first, first), counts)
    assert rate.rate == 0.5
    assert (rate.low, rate.high) == pytest.approx((0.2, 0.8), abs=0.05)


def test_no_error_is_no_certainty() -> None:
    """Three hundred pairs of ten prompts, none wrong: of ten prompts three may still be."""
    first, second = np.repeat(np.arange(10), 30), np.tile(np.arange(10, 40), 10)
    counts = resample_counts(digests(40), 500, 0)
    none = error_rate(PairDifferences(np.ones(300), first, second), counts)
    assert (none.rate, none.low, none.high) == pytest.approx((0, 0, 0.278), abs=1e-3)
    every = error_rate(PairDifferences(-np.ones(300), first, second), counts)
    assert (every.rate, every.low, every.high) == pytest.approx((1, 0.722, 1), abs=1e-3)


def test_one_prompt_on_a_side_has_no_interval() -> None:
    first, second = np.arange(20), np.full(20, 20)
    wins = np.where(first < 5, -1.0, 1.0)
    rate = error_rate(PairDifferences(wins, first, second), resample_counts(digests(21), 500, 0))
    assert rate.rate == 0.25
    assert np.isnan([rate.low, rate.high]).all()


def test_pairs_across_prompts_weigh_the_product_of_their_counts() -> None:
    counts = np.array([[2.0, 1.0, 0.0]])
    margins = PairDifferences(np.array([-1.0, 1.0, 1.0]), np.array([0, 1, 2]), np.array([1, 1, 0]))
    rate = error_rate(margins, counts)
    assert rate.low == rate.high == pytest.approx(2 / 3)


def test_nothing_to_judge_has_no_rate() -> None:
    empty = np.zeros(0, dtype=np.intp)
    rate = error_rate(PairDifferences(np.zeros(0), empty, empty))
    assert rate.pairs == 0
    assert np.isnan(rate.rate)


def test_rewards_are_centred_by_prompt(parts: RewardParts) -> None:
    spread = distribution([parts], "reward model", bins=4)
    assert [(row.label, row.count) for row in spread.rows] == [("good", 2), ("poor", 1), ("bad", 2)]
    means = {row.label: row.mean for row in spread.rows}
    assert means["good"] == pytest.approx((-1 / 3 + 0.5) / 2)
    assert sum(sum(row.histogram) for row in spread.rows) == 5
    assert len(spread.edges) == 5


def test_a_reward_that_is_the_same_everywhere_can_be_drawn(parts: RewardParts) -> None:
    flat = RewardParts(parts.data, {"both": np.ones(5)})
    assert sum(distribution([flat]).rows[0].histogram) == 2


def test_folds_depend_on_prompts_and_seed_not_on_order() -> None:
    prompts = [f"p{number}" for number in range(23)]
    folds = dict(zip(prompts, folds_of(prompts, 5, 1), strict=True))
    backwards = dict(zip(prompts[::-1], folds_of(prompts[::-1], 5, 1), strict=True))
    assert folds == backwards
    assert sorted(np.bincount(list(folds.values()))) == [4, 4, 5, 5, 5]
    assert folds != dict(zip(prompts, folds_of(prompts, 5, 2), strict=True))
