"""Fitting one proposition: scorers on all its rows, calibration from rows they did not see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from rbrctl.graders.embedded.model import PropositionModel
from rbrctl.graders.training.learners import LearnerSettings, fit_scorers
from rbrctl.graders.training.shrunk_platt import fit_shrunk_platt, guess_intercept
from rbrctl.statistics.folds import grouped_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rbrctl.graders.training.dataset import Array, Dataset, Target


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a proposition is fitted."""

    learners: LearnerSettings = field(default_factory=LearnerSettings)
    least_positives: int = 8
    """With fewer true (or fewer false) examples a proposition gets its base rate, with a note."""
    calibration_folds: int = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows on which one proposition is known."""

    matrix: Array
    values: Array
    weights: Array
    groups: Sequence[str]
    first_word: int
    """Where the columns that are single words begin."""

    @classmethod
    def of(cls, dataset: Dataset, target: Target) -> Self:
        """Give all the rows of a target."""
        return cls(
            dataset.matrix[target.rows],
            target.values,
            dataset.weights[target.rows],
            [dataset.groups[row] for row in target.rows],
            dataset.first_word,
        )

    def take(self, chosen: Array) -> Rows:
        """Give the rows where ``chosen`` (booleans) holds."""
        groups = [group for group, kept in zip(self.groups, chosen, strict=True) if kept]
        return replace(
            self,
            matrix=self.matrix[chosen],
            values=self.values[chosen],
            weights=self.weights[chosen],
            groups=groups,
        )

    def fit_scorers(self, settings: LearnerSettings) -> PropositionModel:
        """Fit the scorers to these rows."""
        return fit_scorers(self.matrix, self.values, self.weights, self.first_word, settings)


def fit_proposition(rows: Rows, settings: FitSettings) -> PropositionModel:
    """
    Fit and calibrate one proposition.

    The calibration is fitted on scores of rows that the scorers were not fitted on, in folds
    grouped by prompt, and shrunk (``shrunk_platt``). Where there are too few examples of either
    outcome the model is a constant, the base rate with one example of each outcome added.
    """
    count, positives = len(rows.values), float(rows.values.sum())
    fewest = min(positives, count - positives)
    if fewest < settings.least_positives or len(set(rows.groups)) < settings.calibration_folds:
        outcome = "true" if positives <= count - positives else "false"
        return PropositionModel(
            rows=count,
            positives=positives,
            constant=round((positives + 1) / (count + 2), 6),
            note=f"too few {outcome} examples ({fewest:g}): always answers the base rate",
        )
    scores = _held_out_scores(rows, settings)
    calibration = fit_shrunk_platt(
        scores, rows.values, rows.weights, guess_intercept(positives, count)
    )
    model = rows.fit_scorers(settings.learners)
    return replace(model, calibration=calibration)


def _held_out_scores(rows: Rows, settings: FitSettings) -> Array:
    import numpy as np

    folds = np.array(grouped_folds(rows.groups, settings.calibration_folds, settings.learners.seed))
    scores = np.zeros(len(rows.values))
    for fold in range(settings.calibration_folds):
        inside = rows.take(folds != fold)
        share = float(inside.values.mean())
        if not 0 < share < 1:
            scores[folds == fold] = guess_intercept(inside.values.sum(), len(inside.values))
            continue
        model = inside.fit_scorers(settings.learners)
        for row in np.flatnonzero(folds == fold):
            scores[row] = model.score(rows.matrix[row].tolist())
    return scores
