"""
Exact weights and dual variables, once it is known which pairs of a hinge lie on the kink.

An iterative method approaches the optimum and leaves a small error. The pairs with a residual of
zero, the active set, turn the optimality conditions into two linear least squares problems, whose
solution has no such error. If the guessed set is wrong, the result is no optimum; the certificate
then says so.
"""

from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.solver.newton import Iterate
from rbrctl.rewards.solver.problem import Problem

RANK_TOLERANCE = 1e-11
"""Singular values below this share of the largest count as zero."""


def with_stationary_duals(problem: Problem, iterate: Iterate) -> Iterate:
    """
    Correct the slopes on the kink by the least change that makes the gradient D' a vanish.

    The bound of the certificate needs that without L2. A slope that would leave [0, 1] is cut off.
    With L2 the gradient need not vanish, and nothing is corrected.
    """
    if problem.l2 > 0:
        return iterate
    active = np.flatnonzero((iterate.slopes > 0) & (iterate.slopes < 1))
    free = _free(problem, iterate.weights)
    if not len(active) or not free.any():
        return iterate
    zero = np.zeros(problem.feature_count)
    return replace(iterate, slopes=_balanced(problem, iterate.slopes, active, free, zero))


def solve_active_set(problem: Problem, iterate: Iterate, active: Indices) -> Iterate:
    """
    Return the iterate that satisfies the optimality conditions exactly for this active set.

    The active pairs reach their targets exactly, and all others have a slope of 0 or 1. The weights
    are the point of that affine space where the L2 term balances the pairs, or, without L2, the
    point nearest to those of the iterate.
    """
    free = _free(problem, iterate.weights)
    if not len(active) or not free.any():
        return iterate
    slopes = np.where(iterate.slopes > 0.5, 1.0, 0.0)
    slopes[active] = iterate.slopes[active]
    rows = problem.differences.rows(active)[:, free]
    weights = iterate.weights.copy()
    if problem.l2 > 0:
        # The optimality condition w = D' a / l2; the step below projects it on the active set.
        duals = problem.sample_weights * slopes
        weights[free] = problem.differences.apply_transposed(duals)[free] / problem.l2
    missing = problem.targets[active] - rows @ weights[free]
    weights[free] += np.linalg.lstsq(rows, missing, rcond=RANK_TOLERANCE)[0]
    weights = np.where(problem.signs * weights < 0, 0.0, weights)
    slopes = _balanced(problem, slopes, active, free, problem.l2 * weights)
    return replace(iterate, weights=weights, residuals=problem.residuals(weights), slopes=slopes)


def _free(problem: Problem, weights: Floats) -> Mask:
    """Mark the weights that their prescribed sign does not hold at zero."""
    return np.asarray((problem.signs == 0) | (weights != 0))


def _balanced(
    problem: Problem, slopes: Floats, active: Indices, free: Mask, wanted: Floats
) -> Floats:
    """Change the active slopes by the least that brings D' a to ``wanted``."""
    missing = wanted - problem.differences.apply_transposed(problem.sample_weights * slopes)
    rows = problem.differences.rows(active) * problem.sample_weights[active][:, None]
    change = np.linalg.lstsq(rows[:, free].T, missing[free], rcond=RANK_TOLERANCE)[0]
    slopes = slopes.copy()
    slopes[active] = np.clip(slopes[active] + change, 0.0, 1.0)
    return slopes
