"""Figures of a fit on held-out prompts, which neither its weights nor its L2 factor has seen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.evaluation.error_rates import ErrorRate, error_rate, pair_differences
from rbrctl.rewards.fitting.class_weights import (
    losses_of,
    rewards_of,
    solve_weights,
    with_l2,
)
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.pairs.compare import ClassComparisons, reward_differences
from rbrctl.rewards.splits import folds_of


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Figures over the pairs that could be judged; all error rates are over the same pairs."""

    loss: float = float("nan")
    """NaN without folds."""
    fitted: ErrorRate = field(default_factory=ErrorRate)
    baseline: ErrorRate = field(default_factory=ErrorRate)
    """With all weights zero: the reward model alone."""
    yardstick: ErrorRate = field(default_factory=ErrorRate)
    """With the hand-set weights of the options."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pairs that are judged by one fit, which sees none of their prompts."""

    inside: Mask
    """Marks the pairs that are judged."""
    seen: Mask
    """Marks the prompts that the fit sees."""


def held_out_parts(data: ClassComparisons, options: FitOptions) -> list[Part]:
    """
    Divide the pairs by the folds of their two prompts.

    If both completions of every pair have the same prompt, there is one part for each fold;
    otherwise there is one for each combination of two folds.
    """
    folds = min(options.folds, len(data.prompt_digests))
    if folds < 2:
        return []
    numbers = folds_of(data.prompt_digests, folds, options.seed)
    fold_of = numbers[data.prompts]
    better, worse = fold_of[data.pairs.better], fold_of[data.pairs.worse]
    low, high = np.minimum(better, worse), np.maximum(better, worse)
    parts = (
        Part((low == first) & (high == second), (numbers != first) & (numbers != second))
        for first, second in combinations_with_replacement(range(folds), 2)
    )
    return [part for part in parts if part.inside.any()]


def judge_held_out(
    data: ClassComparisons,
    options: FitOptions,
    counts: Floats,
    advance: Callable[[], None] = lambda: None,
) -> HeldOut:
    """
    Judge each pair by weights that were fitted without the prompts of either completion.

    The intervals are made from ``counts``, the prompt counts of resamples (see
    ``resample_counts``). A pair is left out if its folds leave nothing to fit to. ``advance`` is
    called after each part.
    """
    differences, judged = _cross_fitted(data, options, advance)
    if not judged.any():
        return HeldOut()

    def error(differences: Floats) -> ErrorRate:
        return error_rate(pair_differences(data, differences, judged), counts, options.confidence)

    yardstick = ErrorRate()
    if options.yardstick and set(options.yardstick) <= set(data.features):
        hand_set = np.array([options.yardstick.get(name, 0.0) for name in data.features])
        yardstick = error(reward_differences(data, rewards_of(data, hand_set)))
    return HeldOut(
        loss=float(losses_of(data, differences, options.loss)[judged].mean()),
        fitted=error(differences),
        baseline=error(reward_differences(data, data.rm_scores)),
        yardstick=yardstick,
    )


def _cross_fitted(
    data: ClassComparisons, options: FitOptions, advance: Callable[[], None]
) -> tuple[Floats, Mask]:
    """Return the difference in reward of each pair, and which pairs could be judged."""
    differences = np.zeros(len(data.pairs))
    judged = np.zeros(len(data.pairs), dtype=np.bool_)
    for part in held_out_parts(data, options):
        rest = data.of_prompts(part.seen)
        if len(rest.pairs):
            _, fitted = solve_weights(rest, with_l2(rest, options))
            rewards = rewards_of(data, fitted)
            differences[part.inside] = reward_differences(data, rewards)[part.inside]
            judged |= part.inside
        advance()
    return differences, judged
