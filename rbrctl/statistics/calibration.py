"""How far probabilities can be taken at their word."""

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions of one stretch of probability, and how often they came true."""

    lower: float
    upper: float
    count: int
    mean_probability: float
    """Over the bin's predictions, in [0, 1]."""
    share_true: float
    """In [0, 1]."""


def brier_score(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """
    Give the mean squared distance of probabilities from outcomes: 0 at best, 1 at worst.

    None without predictions. Raises ValueError where the lengths differ. Source: G. W. Brier,
    "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950),
    in the form for two outcomes.
    """
    pairs = list(zip(probabilities, outcomes, strict=True))
    if not pairs:
        return None
    return sum((probability - outcome) ** 2 for probability, outcome in pairs) / len(pairs)


def expected_calibration_error(
    probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = BINS
) -> float | None:
    """
    Give the mean distance of probability from frequency over bins, weighted by their counts.

    The bins are of equal width and those of ``reliability_bins``. In [0, 1], 0 at best; None
    without predictions. Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well
    calibrated probabilities using Bayesian binning", AAAI 2015, for the probability of "true".
    """
    filled = reliability_bins(probabilities, outcomes, bins)
    if not filled:
        return None
    gaps = (item.count * abs(item.mean_probability - item.share_true) for item in filled)
    return sum(gaps) / len(probabilities)


def reliability_bins(
    probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = BINS
) -> list[ReliabilityBin]:
    """
    Sort predictions into bins of equal width, lowest first; empty bins are left out.

    A bin holds its lower edge; the last one holds 1 too. Raises ValueError where the lengths
    differ.
    """
    counts = [0] * bins
    sums = [0.0] * bins
    trues = [0] * bins
    for probability, outcome in zip(probabilities, outcomes, strict=True):
        place = min(int(probability * bins), bins - 1)
        counts[place] += 1
        sums[place] += probability
        trues[place] += outcome
    return [
        ReliabilityBin(
            lower=place / bins,
            upper=(place + 1) / bins,
            count=count,
            mean_probability=sums[place] / count,
            share_true=trues[place] / count,
        )
        for place, count in enumerate(counts)
        if count
    ]


class CalibrationTally:
    """Adds up predictions; its figures equal those of ``rbrctl.statistics.calibration``."""

    def __init__(self, bins: int = BINS) -> None:
        """Start empty, with ``bins`` bins of equal width."""
        self._bins = bins
        self._count = 0
        self._squares = 0.0
        self._gaps = [0.0] * bins

    def add(self, probability: float, outcome: bool) -> None:
        """Count one prediction and how it came out."""
        self._count += 1
        self._squares += (probability - outcome) ** 2
        self._gaps[min(int(probability * self._bins), self._bins - 1)] += probability - outcome

    @property
    def brier_score(self) -> float | None:
        """The mean squared distance; None without predictions."""
        return self._squares / self._count if self._count else None

    @property
    def expected_error(self) -> float | None:
        """The expected calibration error; None without predictions."""
        # A bin's count times the gap of its means is the gap of its sums.
        return sum(map(abs, self._gaps)) / self._count if self._count else None
