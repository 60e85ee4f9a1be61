"""A lower bound on the objective from Lagrange duality: the proof that weights are optimal."""

from dataclasses import replace

import numpy as np

from rbrctl.rewards.losses import binary_entropy
from rbrctl.rewards.newton import Step
from rbrctl.rewards.problem import Problem

SCOPE = 10.0
"""How much larger than the solution the weights are that the bound speaks for."""


def certify(problem: Problem, step: Step, loss: str) -> float:
    """
    Give a value that no weights can go below.

    For any slopes u in [0, 1], loss(r) >= u r + entropy(u) (the entropy only for the logistic
    loss), so the objective at weights w is at least
    ``sum share (u demand + entropy(u)) - g @ w + l2/2 |w|^2`` with g the pairs' feature differences
    summed with share u. With L2 the minimum over w is explicit. Without, g must vanish; what
    rounding leaves of it is charged over all weights whose absolute sum is within ``SCOPE`` times
    that of the solution (plus one). A weight of constrained sign takes only its own side.
    """
    pulls = problem.shares * step.slopes
    bound = float(pulls @ problem.demands)
    if loss == "logistic":
        bound += float(problem.shares @ binary_entropy(step.slopes))
    force = problem.differences.apply_transposed(pulls)
    # Where a sign is prescribed, a force to the other side meets the constraint and costs nothing.
    force = np.where(problem.signs * force < 0, 0.0, force)
    if problem.l2 > 0:
        return bound - float(force @ force) / (2 * problem.l2)
    largest = float(np.abs(force).max(initial=0.0))
    bound -= largest * SCOPE * (1 + float(np.abs(step.weights).sum()))
    # No loss is negative.
    return max(bound, 0.0)


def balanced(problem: Problem, step: Step) -> Step:
    """
    Correct the slopes of pairs on the corner by the little that lets the forces vanish.

    A correction that would leave [0, 1] is cut off there. With L2 forces need not vanish, and
    nothing is corrected.
    """
    if problem.l2 > 0:
        return step
    corner = np.flatnonzero((step.slopes > 0) & (step.slopes < 1))
    force = problem.differences.apply_transposed(problem.shares * step.slopes)
    counted = (problem.signs == 0) | (step.weights != 0)
    if not len(corner) or not counted.any():
        return step
    rows = problem.differences.rows(corner) * problem.shares[corner][:, None]
    change = np.linalg.lstsq(rows[:, counted].T, -force[counted], rcond=1e-12)[0]
    slopes = step.slopes.copy()
    slopes[corner] = np.clip(slopes[corner] + change, 0.0, 1.0)
    return replace(step, slopes=slopes)
