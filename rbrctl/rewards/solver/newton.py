"""
Newton's method for a smooth loss with few features, under sign constraints.

It is an active set method for bounds (Nocedal and Wright, *Numerical Optimization*, section 16.5):
weights at zero whose gradient points to their forbidden sign are held there, a Newton step is taken
in the others, and a step ends where the first weight reaches zero.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.solver.problem import Problem, weighted_gram

MAX_ITERATIONS = 100
MAX_LINE_SEARCH = 40
GRADIENT_TOLERANCE = 1e-13
LONG_STEP = 10.0
"""In weights; features lie in [0, 1] and margins are of the order of one."""
LEAST_DECREASE = 1e-26
"""A step along which the objective decreases less than this is not taken."""
SLOPE_REDUCTION = 0.2
"""The line search stops where the slope is this share of what it was (a Wolfe condition)."""


class CurvedLoss(Protocol):
    """A loss with a first and a second derivative."""

    def slopes(self, residuals: Floats) -> Floats:
        """Return the first derivative at each residual."""
        ...

    def curvatures(self, residuals: Floats) -> Floats:
        """Return the second derivative at each residual."""
        ...


@dataclass(frozen=True, slots=True)
class Iterate:
    """Weights that a method has reached, with what the certificate needs to know of them."""

    weights: Floats
    residuals: Floats
    """The residuals of all pairs."""
    slopes: Floats
    """Slopes of the loss at the residuals; times the sample weights they are the dual variables."""
    gradient: Floats
    """Gradient of the objective with respect to the weights."""
    iterations: int = 0


def minimise(
    problem: Problem,
    loss: CurvedLoss,
    weights: Floats,
    fixed_gradient: Floats | None = None,
    tolerance: float = GRADIENT_TOLERANCE,
) -> Iterate:
    """
    Minimise the objective minus ``fixed_gradient @ weights``, from the given weights.

    ``fixed_gradient`` stands for pairs that were left out because the slope of their loss is known.
    The method stops when the gradient of the free weights is within ``tolerance`` or when no step
    improves any more.
    """
    if fixed_gradient is None:
        fixed_gradient = np.zeros(problem.feature_count)
    residuals = problem.residuals(weights)
    for iteration in range(MAX_ITERATIONS):
        iterate = _iterate_at(problem, loss, weights, residuals, fixed_gradient, iteration)
        free = _free(problem, iterate)
        if np.abs(iterate.gradient[free]).max(initial=0.0) <= tolerance:
            return iterate
        direction = _direction(problem, loss, iterate, free)
        change = problem.differences.apply(direction)
        length = _line_search(problem, loss, iterate, direction, change, fixed_gradient)
        limit = _distance_to_zero(problem, weights, direction)
        if length <= 0:
            return iterate
        weights = weights + min(length, limit) * direction
        if limit <= length:
            # The weight that has reached zero may miss it by a rounding error.
            weights[(problem.signs != 0) & (problem.signs * weights < 1e-14)] = 0.0
        residuals = residuals - min(length, limit) * change
    return _iterate_at(problem, loss, weights, residuals, fixed_gradient, MAX_ITERATIONS)


def _iterate_at(
    problem: Problem,
    loss: CurvedLoss,
    weights: Floats,
    residuals: Floats,
    fixed_gradient: Floats,
    iterations: int,
) -> Iterate:
    slopes = loss.slopes(residuals)
    of_pairs = problem.differences.apply_transposed(problem.sample_weights * slopes)
    gradient = problem.l2 * weights - fixed_gradient - of_pairs
    return Iterate(weights, residuals, slopes, gradient, iterations)


def _free(problem: Problem, iterate: Iterate) -> Mask:
    """Mark the weights that may move: not those at zero that would take the forbidden sign."""
    return np.asarray(
        (problem.signs == 0) | (iterate.weights != 0) | (problem.signs * iterate.gradient < 0)
    )


def _direction(problem: Problem, loss: CurvedLoss, iterate: Iterate, free: Mask) -> Floats:
    """
    Solve the Newton system in the free weights.

    A weight at zero whose Newton step has the forbidden sign is held, and the system solved again.
    """
    curvatures = problem.sample_weights * loss.curvatures(iterate.residuals)
    # Few pairs lie on the curved part of a smoothed hinge; the others add nothing to the Hessian.
    curved = np.flatnonzero(curvatures)
    rows = problem.differences.rows(curved)
    hessian = weighted_gram(rows, curvatures.take(curved))
    # Rounding alone would make the system singular where features are collinear.
    rounding = 1e-13 * float(np.trace(hessian)) + 1e-15
    hessian.flat[:: problem.feature_count + 1] += problem.l2 + rounding
    is_damped = False
    while True:
        direction = np.zeros(problem.feature_count)
        kept = np.flatnonzero(free)
        system = hessian[kept[:, None], kept]
        direction[kept] = -np.linalg.solve(system, iterate.gradient[kept])
        blocked = free & (iterate.weights == 0) & (problem.signs * direction < 0)
        free = free & ~blocked
        if not is_damped and np.abs(direction).max(initial=0.0) > LONG_STEP:
            # No pair has a curvature along this direction, so that the quadratic model is wrong far
            # away. Damp the step (Levenberg and Marquardt) and look again from where it leads.
            is_damped = True
            largest = float(np.abs(iterate.gradient[free]).max(initial=0.0))
            hessian.flat[:: problem.feature_count + 1] += largest
        elif not blocked.any():
            return direction


def _distance_to_zero(problem: Problem, weights: Floats, direction: Floats) -> float:
    """Return the step length at which the first weight would take its forbidden sign."""
    towards = problem.signs * direction < 0
    if not towards.any():
        return np.inf
    return float((-weights[towards] / direction[towards]).min())


def _line_search(
    problem: Problem,
    loss: CurvedLoss,
    iterate: Iterate,
    direction: Floats,
    change: Floats,
    fixed_gradient: Floats,
) -> float:
    """
    Return a step length at which the slope along the direction has nearly vanished; 0 for none.

    Only slopes are used: near the optimum the objective itself no longer changes in its last digit,
    while its slope still does. A convex function has one zero of the slope, which is bracketed and
    then interpolated.
    """
    start = float(iterate.gradient @ direction)
    if not start < -LEAST_DECREASE:
        return 0.0
    weighted = problem.sample_weights * change
    constant = float((problem.l2 * iterate.weights - fixed_gradient) @ direction)
    linear = problem.l2 * float(direction @ direction)
    low, low_slope = 0.0, start
    high, high_slope = np.inf, np.inf
    length = 1.0
    for _ in range(MAX_LINE_SEARCH):
        slopes = loss.slopes(iterate.residuals - length * change)
        slope = constant + length * linear - float(slopes @ weighted)
        if abs(slope) <= SLOPE_REDUCTION * -start:
            return length
        if slope < 0:
            low, low_slope = length, slope
        else:
            high, high_slope = length, slope
        if np.isinf(high):
            length *= 2
        else:
            # Regula falsi, kept away from the ends, where it would make little progress.
            part = low_slope / (low_slope - high_slope)
            length = low + (high - low) * min(0.9, max(0.1, part))
    return low
