"""What is reported of each fitted weight: its bootstrap interval and what its feature does."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.evaluation.error_rates import pair_counts
from rbrctl.rewards.fitting.class_weights import mean_loss, solve_weights
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.pairs.compare import ClassComparisons, reward_differences
from rbrctl.rewards.splits import interval

BOOTSTRAP_TOLERANCE = 1e-4
"""Tolerance of the duality gap: the intervals are far wider than what it changes."""
CONSTANT = 1e-9
"""Features that differ by less are constant."""
SMALL_WEIGHT = 1e-3
"""Smaller weights do nothing, if the loss without them is the same."""
SAME_LOSS = 1e-6


class WeightNote(StrEnum):
    """What is special about a weight."""

    NONE = ""
    FIXED = "fixed"
    """It was given and not fitted."""
    HAND_SET = "hand-set"
    """All weights were given."""
    CONSTANT = "constant"
    """The feature is the same for all completions."""
    DOES_NOTHING = "does nothing"
    """The loss is the same without the feature."""


@dataclass(frozen=True, slots=True)
class FittedWeight:
    """The weight of one feature, its bootstrap interval, and a note on the feature."""

    feature: str
    weight: float
    low: float
    high: float
    spread: float
    """Standard deviation of the feature over the completions."""
    note: WeightNote = WeightNote.NONE


@dataclass(frozen=True, slots=True)
class ResampledWeights:
    """The weights of every resample of the prompts."""

    weights: Floats
    """Resamples by features; NaN for a resample without pairs or without an optimum."""
    without_optimum: int = 0
    """Number of resamples that have no optimum."""


def bootstrap(
    data: ClassComparisons,
    options: FitOptions,
    weights: Floats,
    counts: Floats,
    advance: Callable[[], None],
) -> ResampledWeights:
    """
    Fit the weights to every resample of the prompts, starting from those of all prompts.

    There are no such weights if all pairs have the same prompt on one side: a resample would have
    either all of them or none. ``advance`` is called after each resample.
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
    return ResampledWeights(samples, without_optimum)


def describe(
    data: ClassComparisons, options: FitOptions, weights: Floats, samples: Floats
) -> tuple[FittedWeight, ...]:
    """Return every weight with its interval and note; ``samples`` are those of the bootstrap."""
    loss = mean_loss(data, weights, options.loss)
    described: list[FittedWeight] = []
    for index, feature in enumerate(data.features):
        column = data.values[:, index]
        low, high = interval(samples[:, index], options.confidence)
        largest = np.nanmax(np.abs([weights[index], low, high]))
        without = weights.copy()
        without[index] = 0.0
        note = WeightNote.NONE
        if feature in options.fixed:
            note = WeightNote.FIXED
        elif np.ptp(column[np.r_[data.pairs.better, data.pairs.worse]]) < CONSTANT:
            note = WeightNote.CONSTANT
        elif np.abs(reward_differences(data, column)).max() < CONSTANT or (
            largest < SMALL_WEIGHT and mean_loss(data, without, options.loss) - loss <= SAME_LOSS
        ):
            # Either no pair differs in the feature, so that any weight would do, or its weight is
            # about zero.
            note = WeightNote.DOES_NOTHING
        described.append(
            FittedWeight(feature, float(weights[index]), low, high, float(column.std()), note)
        )
    return tuple(described)
