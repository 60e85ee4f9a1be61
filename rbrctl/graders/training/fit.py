"""
Fitting one proposition: scorers on all its rows, and a calibration on held-out scores.

The calibration is Platt's sigmoid (J. C. Platt, 1999) with normal priors on slope and intercept, so
that few rows cannot pull it far from a stated guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from rbrctl.graders.embedded.model import PropositionModel
from rbrctl.graders.training.learners import LearnerSettings, fit_scorers
from rbrctl.statistics.folds import grouped_folds
from rbrctl.statistics.maps import PlattMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rbrctl.graders.training.dataset import Array, Dataset, Target


SLOPE_SPREAD = 0.3
"""Standard deviation of the prior of the slope, whose mean is 1."""
INTERCEPT_SPREAD = 0.3
"""Standard deviation of the prior of the intercept, in log odds."""
RARITY_CORRECTION = 0.35
"""
The guess for the intercept is this times the log odds against "true".

Ridge and shallow trees shrink the probabilities of a rare outcome towards its base rate. Over the
propositions of the reference set, adding back this share of the log odds lowers the log loss and
raises balanced accuracy at the threshold 0.5.
"""
_ITERATIONS = 50


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a proposition is fitted and calibrated."""

    learners: LearnerSettings = field(default_factory=LearnerSettings)
    least_positives: int = 8
    """With fewer true, or fewer false, examples the model always answers the base rate."""
    calibration_folds: int = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows on which one proposition has a label."""

    matrix: Array
    values: Array
    weights: Array
    groups: Sequence[str]
    first_word: int
    """The index of the first column that is a single word."""

    @classmethod
    def of(cls, dataset: Dataset, target: Target) -> Self:
        """Return all the rows of a target."""
        return cls(
            dataset.matrix[target.rows],
            target.values,
            dataset.weights[target.rows],
            [dataset.groups[row] for row in target.rows],
            dataset.first_word,
        )

    def take(self, chosen: Array) -> Rows:
        """Return the rows for which ``chosen``, an array of booleans, is true."""
        groups = [group for group, kept in zip(self.groups, chosen, strict=True) if kept]
        return replace(
            self,
            matrix=self.matrix[chosen],
            values=self.values[chosen],
            weights=self.weights[chosen],
            groups=groups,
        )

    def fit_scorers(self, settings: LearnerSettings) -> PropositionModel:
        """Return a model with scorers fitted to these rows, not calibrated yet."""
        return fit_scorers(self.matrix, self.values, self.weights, self.first_word, settings)


def fit_proposition(rows: Rows, settings: FitSettings) -> PropositionModel:
    """
    Return the fitted and calibrated model of one proposition.

    The calibration is fitted to scores of rows that the scorers were not fitted on, in folds
    grouped by prompt (see ``fit_shrunk_platt``). With too few examples of either outcome the model
    is a constant: the base rate (positives + 1) / (rows + 2).
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


def guess_intercept(positives: float, rows: int) -> float:
    """Return the intercept to expect with ``positives`` true labels among ``rows``."""
    return RARITY_CORRECTION * math.log((rows - positives + 1) / (positives + 1))


def fit_shrunk_platt(
    scores: Array, values: Array, weights: Array, intercept_guess: float
) -> PlattMap:
    """
    Fit slope and intercept of a sigmoid by penalised maximum likelihood.

    ``scores`` are log odds, ``values`` P(true) in [0, 1] and ``weights`` the rows' weights, each of
    shape (k,). The penalty is that of independent normal priors around slope 1 and
    ``intercept_guess`` (maximum a posteriori). The problem is convex and solved with Newton's
    method. The slope is at least 0.05, so that the order of scores is kept.
    """
    import numpy as np

    prior = np.array([1.0, intercept_guess])
    precision = np.array([1 / SLOPE_SPREAD**2, 1 / INTERCEPT_SPREAD**2])
    design = np.column_stack([scores, np.ones(len(scores))])
    at = prior.copy()
    for _ in range(_ITERATIONS):
        fitted = 1 / (1 + np.exp(-np.clip(design @ at, -30, 30)))
        gradient = design.T @ (weights * (fitted - values)) + precision * (at - prior)
        curvature = weights * fitted * (1 - fitted)
        hessian = (design * curvature[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        at = at - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return PlattMap(max(float(f"{at[0]:.6g}"), 0.05), float(f"{at[1]:.6g}"))
