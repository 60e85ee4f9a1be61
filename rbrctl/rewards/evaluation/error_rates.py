"""Error rates: how often a reward fails to put the better completion above the worse."""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.comparisons.compare import ClassComparisons
from rbrctl.rewards.function import TIE
from rbrctl.rewards.splits import interval
from rbrctl.statistics.intervals import wilson_interval

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """The share of pairs in the wrong order, with its bootstrap interval over prompts."""

    pairs: int = 0
    rate: float = _NAN
    """Pairs whose worse completion is not below the better; NaN without pairs."""
    ties: float = _NAN
    """The part of it that is ties."""
    low: float = _NAN
    high: float = _NAN


@dataclass(frozen=True, slots=True)
class Margins:
    """By how much the better completion of each pair wins, and whose prompts they are."""

    wins: Floats
    first: Indices
    """The number of the better completion's prompt."""
    second: Indices


def margins_of(data: ClassComparisons, wins: Floats, chosen: Mask | None = None) -> Margins:
    """Take by how much each of a class's pairs is won, or some of them; see ``wins_of``."""
    pairs, wins = (
        (data.pairs, wins) if chosen is None else (data.pairs.chosen(chosen), wins[chosen])
    )
    wins = np.where(np.abs(wins) < TIE, 0.0, wins)
    return Margins(wins, data.prompts[pairs.better], data.prompts[pairs.worse])


def error_rate(
    margins: Margins, counts: Floats | None = None, confidence: float = 0.95
) -> ErrorRate:
    """
    Count the pairs whose worse completion is not below the better.

    ``counts`` are resampled prompt counts (see ``resample_counts``) for the interval. There is none
    where all pairs have the same prompt on one side.
    """
    if not len(margins.wins):
        return ErrorRate()
    wrong = (margins.wins <= 0).astype(np.float64)
    low, high = _NAN, _NAN
    if counts is not None and len(counts):
        low, high = _interval(margins, wrong, counts, confidence)
    ties = float((margins.wins == 0).mean())
    return ErrorRate(len(wrong), float(wrong.mean()), ties, low, high)


def _interval(
    margins: Margins, wrong: Floats, counts: Floats, confidence: float
) -> tuple[float, float]:
    """
    Give the bootstrap interval over prompts.

    Where no pair or every pair is wrong, resamples are too: there it is Wilson's interval, with the
    side that has fewer prompts for its sample.
    """
    prompts = min(len(np.unique(margins.first)), len(np.unique(margins.second)))
    if prompts < 2:
        return _NAN, _NAN
    if wrong.all() or not wrong.any():
        return wilson_interval(prompts if wrong.all() else 0, prompts, confidence)
    return interval(_resampled(margins, wrong, counts), confidence)


def _resampled(margins: Margins, wrong: Floats, counts: Floats) -> Floats:
    """Give the error rate of every resample."""
    if (margins.first == margins.second).all():
        prompts = counts.shape[1]
        errors = np.bincount(margins.first, wrong, prompts)
        totals = np.bincount(margins.first, minlength=prompts).astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.asarray((counts @ errors) / (counts @ totals))
    rates = np.empty(len(counts))
    for row, drawn in enumerate(counts):
        weights = pair_counts(drawn, margins.first, margins.second)
        total = weights.sum()
        rates[row] = weights @ wrong / total if total else np.nan
    return rates


def pair_counts(drawn: Floats, first: Indices, second: Indices) -> Floats:
    """
    Tell how often each pair stands in a resample that draws each prompt so often.

    A pair of completions of two prompts stands there the product of their counts.
    """
    return np.where(first == second, drawn[first], drawn[first] * drawn[second])
