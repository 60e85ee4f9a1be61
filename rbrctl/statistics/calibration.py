"""How well probabilities are calibrated: Brier score, expected calibration error, reliability."""

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions in one interval of probability, and how often they came true."""

    lower: float
    upper: float
    count: int
    mean_probability: float
    """The mean of the predicted probabilities, in [0, 1]."""
    share_true: float
    """The share of the predictions that came true, in [0, 1]."""


def brier_score(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """
    Return the mean squared difference of probabilities and outcomes, in [0, 1]; 0 is best.

    Returns None without predictions. Raises ValueError if the lengths differ. Source: G. W. Brier,
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
    Return the mean |mean probability - share true| over bins, weighted by their counts.

    The bins are those of ``reliability_bins``. The result is in [0, 1]; 0 is best, and None means
    that there are no predictions. Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining
    well calibrated probabilities using Bayesian binning", AAAI 2015, for the probability of "true".
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
    Return the predictions in ``bins`` bins of equal width, lowest first, without empty bins.

    A bin includes its lower edge; the last one also includes 1. Raises ValueError if the lengths
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
    """Adds up a stream of predictions; its figures equal those of the functions above."""

    def __init__(self, bins: int = BINS) -> None:
        """Start empty, with ``bins`` bins of equal width."""
        self._bins = bins
        self._count = 0
        self._squares = 0.0
        self._gaps = [0.0] * bins

    def add(self, probability: float, outcome: bool) -> None:
        """Count one prediction and its outcome."""
        self._count += 1
        self._squares += (probability - outcome) ** 2
        self._gaps[min(int(probability * self._bins), self._bins - 1)] += probability - outcome

    @property
    def brier_score(self) -> float | None:
        """The Brier score; None without predictions."""
        return self._squares / self._count if self._count else None

    @property
    def expected_error(self) -> float | None:
        """The expected calibration error; None without predictions."""
        # A bin's count times the gap of its means is the gap of its sums.
        return sum(map(abs, self._gaps)) / self._count if self._count else None
