"""A lower bound on the objective from Lagrange duality: the proof that weights are optimal."""

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.losses import binary_entropy, hinge, softplus
from rbrctl.rewards.solver.newton import Step
from rbrctl.rewards.solver.problem import Problem

RADIUS = 1e4
"""The absolute sum of the weights that the bound speaks for where there is no L2."""
SCOPE = 10.0
"""How much larger than the solution they are at least."""


def objective(problem: Problem, weights: Floats, residuals: Floats, temperature: float) -> float:
    """Give the mean loss plus the L2 term; temperature 0 stands for the hinge."""
    values = softplus(residuals, temperature) if temperature > 0 else hinge(residuals)
    return float(problem.shares @ values) + problem.l2 / 2 * float(weights @ weights)


def certify(problem: Problem, step: Step, temperature: float = 0.0) -> float:
    """
    Give a value that no weights can go below.

    For any slopes u in [0, 1], loss(r) >= u r + temperature x entropy(u) (temperature 0 stands for
    the hinge), so the objective at weights w is at least
    ``sum share (u demand + temperature entropy(u)) - g @ w + l2/2 |w|^2`` with g the pairs' feature
    differences summed with share u. With L2 the minimum over w is explicit. Without, g must vanish;
    what rounding leaves of it is charged over all weights within the ``radius``. A weight of
    constrained sign takes only its own side.
    """
    pulls = problem.shares * step.slopes
    bound = float(pulls @ problem.demands)
    if temperature > 0:
        bound += temperature * float(problem.shares @ binary_entropy(step.slopes))
    force = problem.differences.apply_transposed(pulls)
    # Where a sign is prescribed, a force to the other side meets the constraint and costs nothing.
    force = np.where(problem.signs * force < 0, 0.0, force)
    if problem.l2 > 0:
        return bound - float(force @ force) / (2 * problem.l2)
    largest = float(np.abs(force).max(initial=0.0))
    # No loss is negative.
    return max(bound - largest * radius(problem, step.weights), 0.0)


def radius(problem: Problem, weights: Floats) -> float:
    """
    Give the absolute sum of the weights that a bound speaks for; infinite with L2.

    Where features differ by less than rounding, no bound could hold for all.
    """
    if problem.l2 > 0:
        return np.inf
    return max(RADIUS, SCOPE * float(np.abs(weights).sum()))
