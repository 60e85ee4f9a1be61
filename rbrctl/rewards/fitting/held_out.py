"""What a fit is worth on prompts that its weights, and its L2 factor, did not see."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.comparisons.compare import ClassComparisons, wins_of
from rbrctl.rewards.evaluation.error_rates import ErrorRate, error_rate, margins_of
from rbrctl.rewards.fitting.class_weights import losses_of, rewards_of, solve_weights
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.fitting.regularisation import with_l2
from rbrctl.rewards.splits import folds_of


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Figures over the pairs that could be judged, all error rates over the same."""

    loss: float = float("nan")
    """NaN without folds."""
    fitted: ErrorRate = field(default_factory=ErrorRate)
    baseline: ErrorRate = field(default_factory=ErrorRate)
    """All weights zero: the reward model alone."""
    yardstick: ErrorRate = field(default_factory=ErrorRate)
    """The hand-set weights of the options."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pairs that are judged by one fit, which sees no prompt of theirs."""

    inside: Mask
    """Which pairs they are."""
    seen: Mask
    """Which prompts the fit sees."""


def held_out_parts(data: ClassComparisons, options: FitOptions) -> list[Part]:
    """
    Part the pairs by the folds of their two prompts.

    Where pairs are of one prompt there is one part for each fold; else one for each two folds.
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
    Judge each pair by weights that were fitted without the prompts of both its completions.

    ``counts`` are resampled prompt counts (see ``resample_counts``) for the intervals. A pair whose
    folds leave nothing to fit on is left out. ``advance`` is called after each part.
    """
    wins, judged = _cross_fitted(data, options, advance)
    if not judged.any():
        return HeldOut()

    def error(wins: Floats) -> ErrorRate:
        return error_rate(margins_of(data, wins, judged), counts, options.confidence)

    yardstick = ErrorRate()
    if options.yardstick and set(options.yardstick) <= set(data.features):
        hand_set = np.array([options.yardstick.get(name, 0.0) for name in data.features])
        yardstick = error(wins_of(data, rewards_of(data, hand_set)))
    return HeldOut(
        loss=float(losses_of(data, wins, options.loss)[judged].mean()),
        fitted=error(wins),
        baseline=error(wins_of(data, data.rm_scores)),
        yardstick=yardstick,
    )


def _cross_fitted(
    data: ClassComparisons, options: FitOptions, advance: Callable[[], None]
) -> tuple[Floats, Mask]:
    """Give by how much each pair's better completion wins, and which pairs were judged."""
    wins = np.zeros(len(data.pairs))
    judged = np.zeros(len(data.pairs), dtype=np.bool_)
    for part in held_out_parts(data, options):
        rest = data.of_prompts(part.seen)
        if len(rest.pairs):
            _, fitted = solve_weights(rest, with_l2(rest, options))
            wins[part.inside] = wins_of(data, rewards_of(data, fitted))[part.inside]
            judged |= part.inside
        advance()
    return wins, judged
