"""Calibration from few rows: a sigmoid that stays near a stated guess unless the rows object."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rbrctl.statistics.maps import PlattMap

if TYPE_CHECKING:
    from rbrctl.graders.training.dataset import Array

SLOPE_SPREAD = 0.3
"""Standard deviation of the slope around 1 that is expected before any row is seen."""
INTERCEPT_SPREAD = 0.3
"""Standard deviation of the intercept around its guess, in log odds."""
RARITY_CORRECTION = 0.35
"""
The guess for the intercept is this times the log odds against "true".

Ridge and shallow trees pull the probabilities of a rare outcome toward its base rate; measured over
the reference set's propositions, giving back some of the base rate's log odds lowers the log
loss, and it favours balanced accuracy at the threshold of one half.
"""
_ITERATIONS = 50


def guess_intercept(positives: float, rows: int) -> float:
    """Give the intercept that is expected for so many true among so many rows."""
    return RARITY_CORRECTION * math.log((rows - positives + 1) / (positives + 1))


def fit_shrunk_platt(
    scores: Array, values: Array, weights: Array, intercept_guess: float
) -> PlattMap:
    """
    Fit slope and intercept of a sigmoid to scores and P(true), by penalised maximum likelihood.

    The penalty is that of normal priors around slope 1 and the guessed intercept. Newton's method;
    the problem is convex. The slope is kept above 0.
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
