"""Error rates: how often a reward fails to put the better completion above the worse."""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.comparisons import ClassComparisons
from rbrctl.rewards.problem import Floats, Indices, Mask
from rbrctl.rewards.splits import interval


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """The share of pairs in the wrong order, with its bootstrap interval over prompts."""

    pairs: int
    rate: float
    """Pairs whose worse completion is not below the better; NaN without pairs."""
    ties: float
    """The part of it that is ties."""
    low: float
    high: float


def error_rate(
    comparisons: ClassComparisons,
    rewards: Floats,
    chosen: Mask | None = None,
    counts: Floats | None = None,
    confidence: float = 0.95,
) -> ErrorRate:
    """
    Count the pairs whose worse completion is not below the better.

    ``rewards`` has one value a completion; ``chosen`` limits the count to some pairs; ``counts``
    are resampled prompt counts (see ``resample_counts``) for the interval.
    """
    pairs = comparisons.pairs if chosen is None else comparisons.pairs.chosen(chosen)
    if not len(pairs):
        return ErrorRate(0, *[float("nan")] * 4)
    difference = rewards[pairs.better] - rewards[pairs.worse]
    wrong = (difference <= 0).astype(np.float64)
    low, high = float("nan"), float("nan")
    if counts is not None and len(counts):
        samples = _resampled(comparisons, pairs.better, pairs.worse, wrong, counts)
        low, high = interval(samples, confidence)
    return ErrorRate(len(pairs), float(wrong.mean()), float((difference == 0).mean()), low, high)


def _resampled(
    comparisons: ClassComparisons,
    better: Indices,
    worse: Indices,
    wrong: Floats,
    counts: Floats,
) -> Floats:
    """Give the error rate of every resample; a pair of two prompts weighs the product."""
    first, second = comparisons.prompts[better], comparisons.prompts[worse]
    if (first == second).all():
        prompts = len(comparisons.prompt_digests)
        errors = np.bincount(first, wrong, prompts)
        totals = np.bincount(first, minlength=prompts).astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.asarray((counts @ errors) / (counts @ totals))
    rates = np.empty(len(counts))
    for row, drawn in enumerate(counts):
        weights = pair_counts(comparisons, drawn, better, worse)
        total = weights.sum()
        rates[row] = weights @ wrong / total if total else np.nan
    return rates


def pair_counts(
    comparisons: ClassComparisons,
    drawn: Floats,
    better: Indices,
    worse: Indices,
) -> Floats:
    """Tell how often each pair stands in a resample that draws each prompt so often."""
    first, second = comparisons.prompts[better], comparisons.prompts[worse]
    return np.where(first == second, drawn[first], drawn[first] * drawn[second])
