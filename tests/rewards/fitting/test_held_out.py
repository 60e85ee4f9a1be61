from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from reward_helpers import noisy

from rbrctl.rewards.evaluation.error_rates import TIE
from rbrctl.rewards.fitting.class_weights import rewards_of, solve_weights
from rbrctl.rewards.fitting.held_out import judge_held_out
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import ClassComparisons, compare, reward_differences
from rbrctl.rewards.pairs.orderings import rank_ordering
from rbrctl.rewards.splits import folds_of, resample_counts
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]
OPTIONS = FitOptions(bootstrap=0, l2=0.01, folds=3)
NONE = np.zeros((0, 0))


@pytest.fixture(params=["prompt", "class"])
def data(request: pytest.FixtureRequest, judge: Judge, make: MakeCandidate) -> ClassComparisons:
    rows = noisy(make, 12)
    if request.param == "class":
        rows = [replace(row, group="") for row in rows]
    ordering = rank_ordering(("good", "poor", "bad"))
    return compare(rows, judge, ordering, {"c": ("kind", "rude", "bad")}).classes["c"]


def judged_one_by_one(data: ClassComparisons, options: FitOptions) -> list[float]:
    """Return by how much each pair is won under weights fitted without its prompts' folds."""
    folds = folds_of(data.prompt_digests, options.folds, options.seed)

    @cache
    def rewards_without(away: frozenset[int]) -> np.ndarray:
        rest = data.of_prompts(np.array([int(fold) not in away for fold in folds]))
        return rewards_of(data, solve_weights(rest, options)[1])

    wins = []
    for better, worse in zip(data.pairs.better, data.pairs.worse, strict=True):
        away = frozenset(int(folds[data.prompts[row]]) for row in (better, worse))
        rewards = rewards_without(away)
        wins.append(float(rewards[better] - rewards[worse]))
    return wins


def test_every_pair_is_judged_by_weights_that_saw_neither_prompt(data: ClassComparisons) -> None:
    found = judge_held_out(data, OPTIONS, NONE)
    wins = judged_one_by_one(data, OPTIONS)
    wrong = [win < TIE for win in wins]
    losses = [max(0.0, margin - win) for margin, win in zip(data.margins, wins, strict=True)]
    assert found.fitted.pairs == len(data.pairs)
    assert found.fitted.rate == pytest.approx(np.mean(wrong))
    assert found.loss == pytest.approx(np.mean(losses))


def test_hand_set_weights_and_the_reward_model_are_judged_on_the_same_pairs(
    data: ClassComparisons,
) -> None:
    options = replace(OPTIONS, yardstick={"kind": 1.0, "rude": -2.0})
    found = judge_held_out(data, options, resample_counts(data.prompt_digests, 50, 0))
    wins = reward_differences(data, rewards_of(data, np.array([1.0, -2.0, 0.0])))
    assert found.yardstick.rate == pytest.approx((wins < TIE).mean())
    assert found.baseline.rate == pytest.approx(
        (reward_differences(data, data.rm_scores) < TIE).mean()
    )
    assert found.yardstick.pairs == found.baseline.pairs == found.fitted.pairs
    assert found.yardstick.low < found.yardstick.rate < found.yardstick.high
    unknown = judge_held_out(data, replace(OPTIONS, yardstick={"good": 1.0}), NONE)
    assert np.isnan(unknown.yardstick.rate)


def test_pairs_that_leave_nothing_to_fit_on_are_not_judged(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [
        replace(make(prompt, label, kind, 0.0), group="")
        for prompt, label, kind in (("p", "good", 1.0), ("q", "poor", 0.0), ("r", "poor", 0.1))
    ]
    comparisons = compare(rows, judge, rank_ordering(("good", "poor", "bad")), {"c": ("kind",)})
    found = judge_held_out(comparisons.classes["c"], OPTIONS, NONE)
    assert found.fitted.pairs == found.baseline.pairs == 0
    assert np.isnan(found.loss)


def test_without_folds_there_are_no_figures(data: ClassComparisons) -> None:
    assert judge_held_out(data, replace(OPTIONS, folds=0), NONE).fitted.pairs == 0
