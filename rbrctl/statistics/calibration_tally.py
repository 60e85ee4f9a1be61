"""Brier score and calibration error of a stream of predictions, in the memory of its bins."""

from rbrctl.statistics.calibration import BINS


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
