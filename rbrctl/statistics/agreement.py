"""The agreement of yes/no predictions with the truth."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ConfusionCounts:
    """
    A confusion matrix of two outcomes, and the measures made of it.

    A measure whose denominator is zero is not defined, and is None.
    """

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> Self:
        """Return the counts of pairs of (predicted, true)."""
        counts = [[0, 0], [0, 0]]
        for predicted, true in pairs:
            counts[predicted][true] += 1
        return cls(counts[1][1], counts[1][0], counts[0][1], counts[0][0])

    def __add__(self, other: Self) -> Self:
        """Return the sum of two confusion matrices."""
        return type(self)(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
        )

    @property
    def total(self) -> int:
        """The number of pairs that were counted."""
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative

    @property
    def positive(self) -> int:
        """The number of pairs that are true."""
        return self.true_positive + self.false_negative

    @property
    def predicted_positive(self) -> int:
        """The number of pairs that were predicted to be true."""
        return self.true_positive + self.false_positive

    @property
    def correct(self) -> int:
        """The number of predictions that are right."""
        return self.true_positive + self.true_negative

    @property
    def base_rate(self) -> float | None:
        """The share that is true."""
        return _ratio(self.positive, self.total)

    @property
    def majority_accuracy(self) -> float | None:
        """The accuracy of always predicting whichever outcome is more common."""
        return _ratio(max(self.positive, self.total - self.positive), self.total)

    @property
    def accuracy(self) -> float | None:
        """The share of right predictions."""
        return _ratio(self.correct, self.total)

    @property
    def precision(self) -> float | None:
        """The share of rows predicted true that are true."""
        return _ratio(self.true_positive, self.predicted_positive)

    @property
    def recall(self) -> float | None:
        """The share of true rows that are predicted true (sensitivity)."""
        return _ratio(self.true_positive, self.positive)

    @property
    def specificity(self) -> float | None:
        """The share of false rows that are predicted false."""
        return _ratio(self.true_negative, self.true_negative + self.false_positive)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None if nothing is true or predicted true."""
        wrong = self.false_positive + self.false_negative
        return _ratio(2 * self.true_positive, 2 * self.true_positive + wrong)

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of recall and specificity; None if all are true or all are false."""
        if self.recall is None or self.specificity is None:
            return None
        return (self.recall + self.specificity) / 2

    @property
    def kappa(self) -> float | None:
        """
        Cohen's kappa, the agreement beyond chance: 1 is best, 0 is what chance gives.

        None if chance alone agrees fully, that is if predictions and truth are one and the same
        constant. Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational
        and Psychological Measurement 20 (1960).
        """
        total = self.total
        by_chance = self.positive * self.predicted_positive + (total - self.positive) * (
            total - self.predicted_positive
        )
        return _ratio(self.correct * total - by_chance, total * total - by_chance)


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
