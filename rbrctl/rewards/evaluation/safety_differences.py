"""How one model's safety figures differ from another's, on the prompts that both answered."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rbrctl.records.models import Result
from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.evaluation.safety_figures import F1, counted_share
from rbrctl.rewards.evaluation.safety_terms import NOT_OVERREFUSE, NOT_UNSAFE, SafetyTerms
from rbrctl.rewards.splits import interval, resample_counts
from rbrctl.statistics.intervals import wilson_interval


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A figure of one model less that of the model that it is measured against."""

    name: str
    prompts: int
    """That both models have completions of, for this figure."""
    difference: float
    """NaN where there are none."""
    low: float
    high: float


def safety_differences(
    first: Iterable[Result],
    other: Iterable[Result],
    terms: SafetyTerms,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> list[FigureDifference]:
    """
    Compare the figures of ``other`` with those of ``first`` on their common prompts.

    The interval is a bootstrap over these prompts, each drawn with its completions on both sides.
    """
    sides = [list(first), list(other)]
    counts = {
        share.name: [counted_share(side, share).counts for side in sides] for share in terms.shares
    }
    figures = {name: [name] for name in counts}
    if NOT_OVERREFUSE in counts:
        figures[F1] = [NOT_UNSAFE, NOT_OVERREFUSE]
    found = []
    for name, shares in figures.items():
        # A prompt counts that has completions on both sides, for F1 as for Not-Unsafe.
        prompts = sorted(counts[shares[0]][0].keys() & counts[shares[0]][1].keys())
        numbers = [
            [
                [number for share in shares for number in counts[share][side].get(prompt, (0, 0))]
                for prompt in prompts
            ]
            for side in (0, 1)
        ]
        array = np.array(numbers, dtype=np.float64).reshape(2, len(prompts), 2 * len(shares))
        resampled = resample_counts(prompts, resamples, seed)
        found.append(_difference(name, array, resampled, confidence))
    return found


def _difference(
    name: str, counts: Floats, resampled: Floats, confidence: float
) -> FigureDifference:
    prompts = counts.shape[1]
    first, other = (_figure(side.sum(axis=0)) for side in counts)
    difference = float(other - first)
    samples = _figure(resampled @ counts[1]) - _figure(resampled @ counts[0])
    low, high = interval(samples, confidence) if prompts > 1 else (float("nan"), float("nan"))
    if low == high:
        # Every prompt says the same, so resamples do too: as many could hide a rare other one.
        _, reach = wilson_interval(0, prompts, confidence)
        low, high = max(low - reach, -1.0), min(high + reach, 1.0)
    return FigureDifference(name, prompts, difference, low, high)


def _figure(sums: Floats) -> Floats:
    """Give the share, or the harmonic mean of two, of counted and all completions."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = sums[..., ::2] / sums[..., 1::2]
        if shares.shape[-1] == 1:
            return np.asarray(shares[..., 0])
        total = shares.sum(axis=-1)
        return np.where(total == 0, 0.0, 2 * shares.prod(axis=-1) / total)
