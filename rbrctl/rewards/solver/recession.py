"""
Directions in which a loss without L2 falls for ever, so that no weights are the best.

The logistic loss has an optimum exactly where there are none: weights moved along such a direction
put no pair back and some pairs forward, and lose less the further they go.
"""

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.solver.problem import Problem

SETTLED = (1e-2, 1e-4, 1e-6)
"""Slopes below which a pair may have run away; the more ask, the fewer directions are left."""
NULL = 1e-12
"""Of the largest eigenvalue: the square of what a difference is lost in rounding by."""
ROUNDING = 1e-6
"""Of the largest gain: a pair that is put back by less is not put back."""
LEAST_GAIN = 1e-3
"""In units of reward: what is left of weights by projecting them where nothing is free."""


def recession(problem: Problem, weights: Floats, slopes: Floats) -> Floats | None:
    """
    Find a direction in which the loss falls for ever; None where the weights show none.

    Weights that an iteration has driven far along such a direction differ from it by little more
    than the part that the pairs with a noticeable slope hold: these must neither gain nor lose.
    What is left is checked against every pair, so what is found is proved.
    """
    for least in SETTLED:
        free = np.asarray((problem.signs == 0) | (weights != 0))
        while free.any():
            direction = _unheld(problem, weights, slopes > least, free)
            forbidden = free & (problem.signs * direction < 0)
            if not forbidden.any():
                if _falls_for_ever(problem, direction):
                    return direction
                break
            free &= ~forbidden
    return None


def _unheld(problem: Problem, weights: Floats, held: Mask, free: Mask) -> Floats:
    """Project the free weights on what makes no difference to the pairs that are held."""
    rows = problem.differences.rows(np.flatnonzero(held))[:, free]
    values, vectors = np.linalg.eigh(rows.T @ rows)
    null = vectors[:, values <= NULL * max(values[-1], 1.0)]
    direction = np.zeros(problem.width)
    direction[free] = null @ (null.T @ weights[free])
    return np.where(np.abs(direction) < ROUNDING * np.abs(direction).max(), 0.0, direction)


def _falls_for_ever(problem: Problem, direction: Floats) -> bool:
    gains = problem.differences.apply(direction)
    most = float(gains.max())
    return most > LEAST_GAIN and float(gains.min()) >= -ROUNDING * most
