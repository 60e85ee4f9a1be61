"""Newton's method for a smooth pair loss with few features, under sign constraints."""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.solver.losses import Loss
from rbrctl.rewards.solver.problem import Problem, squared

MAX_ITERATIONS = 100
MAX_SEARCH = 40
GRADIENT_TOLERANCE = 1e-13
LONG_STEP = 10.0
"""In weights; features lie in [0, 1] and margins are of the order of one."""
LEAST_SLOPE = 1e-26
"""A step that promises less improvement than this is not taken."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the iteration stands: weights, residuals of all pairs, slopes of the loss there."""

    weights: Floats
    residuals: Floats
    slopes: Floats
    gradient: Floats
    """Of the smoothed objective, with respect to the weights."""
    iterations: int = 0


def minimise(
    problem: Problem,
    loss: Loss,
    weights: Floats,
    background: Floats | None = None,
    tolerance: float = GRADIENT_TOLERANCE,
) -> Step:
    """
    Minimise the smoothed objective, minus ``background @ weights``, from the given weights.

    ``background`` stands for pairs that were left out because the slope of their loss is known.
    Stops when the free part of the gradient is within ``tolerance`` or no step improves any more.
    """
    if background is None:
        background = np.zeros(problem.width)
    residuals = problem.residuals(weights)
    for iteration in range(MAX_ITERATIONS):
        step = _stand(problem, loss, weights, residuals, background, iteration)
        free = _free(problem, step)
        if np.abs(step.gradient[free]).max(initial=0.0) <= tolerance:
            return step
        direction = _direction(problem, loss, step, free)
        change = problem.differences.apply(direction)
        length = _search(problem, loss, step, direction, change, background)
        reach = _reach(problem, weights, direction)
        if length <= 0:
            return step
        weights = weights + min(length, reach) * direction
        if reach <= length:
            weights[(problem.signs != 0) & (problem.signs * weights < 1e-14)] = 0.0
        residuals = residuals - min(length, reach) * change
    return _stand(problem, loss, weights, residuals, background, MAX_ITERATIONS)


def _stand(
    problem: Problem,
    loss: Loss,
    weights: Floats,
    residuals: Floats,
    background: Floats,
    iterations: int,
) -> Step:
    slopes = loss.slopes(residuals)
    force = problem.differences.apply_transposed(problem.shares * slopes)
    gradient = problem.l2 * weights - background - force
    return Step(weights, residuals, slopes, gradient, iterations)


def _free(problem: Problem, step: Step) -> Mask:
    """Tell which weights may move: not those at zero that would take the forbidden sign."""
    return np.asarray(
        (problem.signs == 0) | (step.weights != 0) | (problem.signs * step.gradient < 0)
    )


def _direction(problem: Problem, loss: Loss, step: Step, free: Mask) -> Floats:
    """
    Solve the Newton system on the free weights.

    A weight at zero whose Newton step has the forbidden sign is held and the system solved again.
    """
    curvatures = problem.shares * loss.curvatures(step.residuals)
    curved = np.flatnonzero(curvatures)
    rows = problem.differences.rows(curved)
    hessian = squared(rows, curvatures.take(curved))
    # Rounding alone would make the system singular where features are collinear.
    rounding = 1e-13 * float(np.trace(hessian)) + 1e-15
    hessian.flat[:: problem.width + 1] += problem.l2 + rounding
    cautious = False
    while True:
        direction = np.zeros(problem.width)
        kept = np.flatnonzero(free)
        system = hessian[kept[:, None], kept]
        direction[kept] = -np.linalg.solve(system, step.gradient[kept])
        blocked = free & (step.weights == 0) & (problem.signs * direction < 0)
        free = free & ~blocked
        if not cautious and np.abs(direction).max(initial=0.0) > LONG_STEP:
            # No pair on the corner speaks about this direction: go a short way and look again.
            cautious = True
            largest = float(np.abs(step.gradient[free]).max(initial=0.0))
            hessian.flat[:: problem.width + 1] += largest
        elif not blocked.any():
            return direction


def _reach(problem: Problem, weights: Floats, direction: Floats) -> float:
    """Tell how far along the direction the first weight would change to a forbidden sign."""
    towards = problem.signs * direction < 0
    if not towards.any():
        return np.inf
    return float((-weights[towards] / direction[towards]).min())


def _search(
    problem: Problem,
    loss: Loss,
    step: Step,
    direction: Floats,
    change: Floats,
    background: Floats,
) -> float:
    """Find a step length where the slope along the direction has nearly vanished; 0 for none."""
    start = float(step.gradient @ direction)
    if not start < -LEAST_SLOPE:
        return 0.0
    weighted = problem.shares * change
    constant = float((problem.l2 * step.weights - background) @ direction)
    linear = problem.l2 * float(direction @ direction)
    low, low_slope = 0.0, start
    high, high_slope = np.inf, np.inf
    length = 1.0
    for _ in range(MAX_SEARCH):
        slopes = loss.slopes(step.residuals - length * change)
        slope = constant + length * linear - float(slopes @ weighted)
        if abs(slope) <= 0.2 * -start:
            return length
        if slope < 0:
            low, low_slope = length, slope
        else:
            high, high_slope = length, slope
        if np.isinf(high):
            length *= 2
        else:
            part = low_slope / (low_slope - high_slope)
            length = low + (high - low) * min(0.9, max(0.1, part))
    return low
