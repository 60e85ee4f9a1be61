"""Removing what an iteration leaves of error once it is known which pairs lie on the corner."""

from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.solver.newton import Step
from rbrctl.rewards.solver.problem import Problem

RANK = 1e-11
"""Singular values below this share of the largest are taken for rounding."""


def balanced(problem: Problem, step: Step) -> Step:
    """
    Correct the slopes of pairs on the corner by the little that lets the forces vanish.

    A correction that would leave [0, 1] is cut off there. With L2 forces need not vanish, and
    nothing is corrected.
    """
    if problem.l2 > 0:
        return step
    corner = np.flatnonzero((step.slopes > 0) & (step.slopes < 1))
    counted = _counted(problem, step.weights)
    if not len(corner) or not counted.any():
        return step
    slopes = _balance(problem, step.slopes, corner, counted, np.zeros(problem.width))
    return replace(step, slopes=slopes)


def polished(problem: Problem, step: Step, corner: Indices) -> Step:
    """
    Put weights and slopes where they satisfy the conditions of optimality exactly.

    Given that the pairs of ``corner`` meet their demand exactly and that all others have a slope of
    0 or 1, the weights are the point of that flat where the L2 term balances the forces, or without
    L2 the nearest. Where that is not so the outcome is no optimum: the certificate tells.
    """
    counted = _counted(problem, step.weights)
    if not len(corner) or not counted.any():
        return step
    slopes = np.where(step.slopes > 0.5, 1.0, 0.0)
    slopes[corner] = step.slopes[corner]
    rows = problem.differences.rows(corner)[:, counted]
    weights = step.weights.copy()
    if problem.l2 > 0:
        # Along the flat only the forces and the L2 term act; they meet here.
        pulls = problem.shares * slopes
        weights[counted] = problem.differences.apply_transposed(pulls)[counted] / problem.l2
    short = problem.demands[corner] - rows @ weights[counted]
    weights[counted] += np.linalg.lstsq(rows, short, rcond=RANK)[0]
    weights = np.where(problem.signs * weights < 0, 0.0, weights)
    slopes = _balance(problem, slopes, corner, counted, problem.l2 * weights)
    return replace(step, weights=weights, residuals=problem.residuals(weights), slopes=slopes)


def _counted(problem: Problem, weights: Floats) -> Mask:
    """Tell which weights are not held at zero by their prescribed sign."""
    return np.asarray((problem.signs == 0) | (weights != 0))


def _balance(
    problem: Problem, slopes: Floats, corner: Indices, counted: Mask, wanted: Floats
) -> Floats:
    """Change the slopes of the corner by the least that brings the forces to ``wanted``."""
    missing = wanted - problem.differences.apply_transposed(problem.shares * slopes)
    rows = problem.differences.rows(corner) * problem.shares[corner][:, None]
    change = np.linalg.lstsq(rows[:, counted].T, missing[counted], rcond=RANK)[0]
    slopes = slopes.copy()
    slopes[corner] = np.clip(slopes[corner] + change, 0.0, 1.0)
    return slopes
