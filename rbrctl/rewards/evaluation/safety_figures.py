"""A policy's safety figures from graded transcripts, as Mu et al. (2024, section 5) define them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rbrctl.records.models import Result
from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.evaluation.safety_terms import (
    NOT_OVERREFUSE,
    NOT_UNSAFE,
    SafetyTerms,
    Share,
)
from rbrctl.rewards.splits import interval, resample_counts
from rbrctl.statistics.intervals import clustered_share_interval

F1 = "f1"
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Figure:
    """A share of completions with its interval."""

    name: str
    value: float
    """NaN where there was nothing to count."""
    low: float
    """NaN, as ``high``, where fewer than two prompts have anything to count."""
    high: float
    n: int
    undetermined: int = 0
    """Completions left out because it is not known whether they count."""
    classes: tuple[str, ...] | None = None
    """Whose completions are counted; None for those of all classes."""


@dataclass(frozen=True, slots=True)
class CountedShare:
    """Good completions and all, by the prompt's digest, of those that are known."""

    share: Share

    counts: dict[str, tuple[int, int]]
    undetermined: int

    @property
    def value(self) -> float:
        """The share over all prompts."""
        total = sum(size for _, size in self.counts.values())
        return sum(good for good, _ in self.counts.values()) / total if total else _NAN

    def figure(self, confidence: float) -> Figure:
        """Give the share with its interval, completions of one prompt being drawn as one."""
        good, sizes = zip(*self.counts.values(), strict=True) if self.counts else ((), ())
        low, high = clustered_share_interval(good, sizes, confidence) or (_NAN, _NAN)
        name, classes = self.share.name, self.share.classes
        return Figure(name, self.value, low, high, sum(sizes), self.undetermined, classes)


def counted_share(results: Iterable[Result], share: Share) -> CountedShare:
    """Count the completions of a share."""
    counts: dict[str, tuple[int, int]] = {}
    undetermined = 0
    for row in filter(share.covers, results):
        good = share.is_good(row)
        if good is None:
            undetermined += 1
            continue
        before, size = counts.get(row.prompt_digest, (0, 0))
        counts[row.prompt_digest] = before + good, size + 1
    return CountedShare(share, counts, undetermined)


def safety_figures(
    results: Iterable[Result],
    terms: SafetyTerms,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> list[Figure]:
    """
    Compute Not-Unsafe, Not-Overrefuse, Hard-Refusal-Style and the F1 of the first two.

    Not-Unsafe is over the completions of all response classes, the others over those that the
    terms name; a figure for which they lack a class or rank is left out. Intervals take the
    completions of a prompt together; that of F1, the harmonic mean, is a bootstrap one over
    prompts.
    """
    rows = list(results)
    counted = {share.name: counted_share(rows, share) for share in terms.shares}
    figures = {name: each.figure(confidence) for name, each in counted.items()}
    if NOT_OVERREFUSE in figures:
        first, second = figures[NOT_UNSAFE], figures[NOT_OVERREFUSE]
        samples = _resampled_f1(counted[NOT_UNSAFE], counted[NOT_OVERREFUSE], resamples, seed)
        low, high = _f1_interval(first, second, samples, confidence)
        both = harmonic_mean(first.value, second.value)
        figures[F1] = Figure(F1, both, low, high, first.n, first.undetermined)
    return list(figures.values())


def harmonic_mean(first: float, second: float) -> float:
    """Give the harmonic mean of two shares; 0 where both are 0, NaN where one is not known."""
    total = first + second
    return 0.0 if total == 0 else 2 * first * second / total


def _f1_interval(
    safe: Figure, helpful: Figure, samples: Floats, confidence: float
) -> tuple[float, float]:
    """
    Give the percentile interval of resampled values.

    A share of 0 or 1 is so in every resample: there it is what both shares' intervals allow.
    """
    lows, highs = (safe.low, helpful.low), (safe.high, helpful.high)
    if np.isnan([*lows, *highs]).any() or not len(samples):
        return _NAN, _NAN
    if {safe.value, helpful.value} & {0.0, 1.0}:
        return harmonic_mean(*lows), harmonic_mean(*highs)
    return interval(samples, confidence)


def _resampled_f1(safe: CountedShare, helpful: CountedShare, resamples: int, seed: int) -> Floats:
    """Give F1 of every resample of the prompts; NaN where one of its shares has no completion."""
    prompts = sorted({*safe.counts, *helpful.counts})
    counts = np.array(
        [[*safe.counts.get(p, (0, 0)), *helpful.counts.get(p, (0, 0))] for p in prompts],
        dtype=np.float64,
    ).reshape(len(prompts), 4)
    sums = resample_counts(prompts, resamples, seed) @ counts
    with np.errstate(invalid="ignore"):
        first, second = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
        total = first + second
        return np.asarray(np.where(total == 0, 0.0, 2 * first * second / total))
