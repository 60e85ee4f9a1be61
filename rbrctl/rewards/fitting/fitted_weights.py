"""What is said of every fitted weight: its bootstrap interval, and what the feature contributes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import ClassComparisons, wins_of
from rbrctl.rewards.evaluation.error_rates import pair_counts
from rbrctl.rewards.fitting.class_weights import mean_loss, solve_weights
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.splits import interval

BOOTSTRAP_TOLERANCE = 1e-4
CONSTANT = 1e-9
SMALL = 1e-3
"""A weight that is less does nothing, where the loss is the same without it."""
SAME_LOSS = 1e-6
FIXED, HAND_SET = "fixed", "hand-set"
"""Notes of weights that were not fitted: one of them, or all."""


@dataclass(frozen=True, slots=True)
class FittedWeight:
    """One feature's weight, its bootstrap interval, and what the feature contributes."""

    feature: str
    weight: float
    low: float
    high: float
    spread: float
    """Standard deviation of the feature over the completions."""
    note: str = ""
    """``fixed``, ``hand-set``, ``constant``, ``does nothing``, or empty."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """The weights of every resample of the prompts."""

    weights: Floats
    """Resamples by features; NaN where a resample has no pair or no optimum."""
    without_optimum: int = 0
    """How many resamples have no optimum."""


def bootstrap(
    data: ClassComparisons,
    options: FitOptions,
    weights: Floats,
    counts: Floats,
    advance: Callable[[], None],
) -> Resampled:
    """
    Fit every resample of the prompts anew, from the weights of all of them.

    There are none where all pairs have the same prompt on one side: it would be drawn or not.
    """
    first, second = data.prompts[data.pairs.better], data.prompts[data.pairs.worse]
    samples = np.full((len(counts), len(weights)), np.nan)
    enough = min(len(np.unique(first)), len(np.unique(second))) > 1
    without_optimum = 0
    for row, drawn in enumerate(counts):
        pairs = pair_counts(drawn, first, second)
        if enough and pairs.any():
            solution, found = solve_weights(data, options, pairs, weights, BOOTSTRAP_TOLERANCE)
            if solution is None or solution.recession is None:
                samples[row] = found
            else:
                without_optimum += 1
        advance()
    return Resampled(samples, without_optimum)


def describe(
    data: ClassComparisons, options: FitOptions, weights: Floats, samples: Floats
) -> tuple[FittedWeight, ...]:
    """Say of every weight what it is worth; ``samples`` are those of resamples."""
    loss = mean_loss(data, weights, options.loss)
    described: list[FittedWeight] = []
    for index, feature in enumerate(data.features):
        column = data.values[:, index]
        low, high = interval(samples[:, index], options.confidence)
        reach = np.nanmax(np.abs([weights[index], low, high]))
        without = weights.copy()
        without[index] = 0.0
        note = ""
        if feature in options.fixed:
            note = FIXED
        elif np.ptp(column[np.r_[data.pairs.better, data.pairs.worse]]) < CONSTANT:
            note = "constant"
        elif np.abs(wins_of(data, column)).max() < CONSTANT or (
            reach < SMALL and mean_loss(data, without, options.loss) - loss <= SAME_LOSS
        ):
            # Whatever its weight is, the first kind is the same on both sides of every pair.
            note = "does nothing"
        described.append(
            FittedWeight(feature, float(weights[index]), low, high, float(column.std()), note)
        )
    return tuple(described)
