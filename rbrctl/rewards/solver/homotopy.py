"""
The hinge loss with its corner smoothed by a parabola, whose minimum is followed as it narrows.

Newton's method finds each minimum from the last, looking only at pairs near the corner.
"""

from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.solver.losses import SmoothHinge
from rbrctl.rewards.solver.newton import Step, minimise
from rbrctl.rewards.solver.polishing import balanced
from rbrctl.rewards.solver.problem import Problem
from rbrctl.rewards.solver.solution import Solution, solution_of

FIRST_WIDTH = 1.0
"""Of the parabola, in units of reward: of the order of the margin."""
MOST_NARROWING = 0.03
"""Of the parabola in one go: with less, Newton's method needs more steps than are saved."""
REACH = 2.0
"""In widths of the parabola before: pairs further from the corner seldom come near it after."""
LAST_WIDTH = 1e-9
"""A parabola narrower than this is lost in rounding."""
TIE_BREAK = 1e-8
"""An L2 factor far below what changes the objective within its tolerance."""
SAMPLE = 2_500
"""Pairs that show well enough where the optimum lies."""
ROUGHLY = 1e-3
"""Of the gradient over a sample, whose optimum is not that of all pairs anyway."""
NEWTON_BUDGET = 200
"""Iterations; three times what the homotopy needs where it leads to a certificate."""


def follow_narrowing(original: Problem, tolerance: float, start: Floats | None) -> Solution:
    """
    Follow the minimum as the parabola at the hinge's corner narrows.

    Without L2 many weights can be equally good; a trace of it chooses small ones among them.
    """
    problem = replace(original, l2=original.l2 or TIE_BREAK)
    width = FIRST_WIDTH
    reach = np.inf
    iterations = 0
    weights = np.zeros(problem.width) if start is None else start
    if start is not None:
        width, reach = 0.1 * width, width
    elif len(problem.demands) >= 2 * SAMPLE:
        step = _approximately(problem, width)
        weights, iterations = step.weights, step.iterations
        width, reach = 0.1 * MOST_NARROWING * width, 0.1 * REACH * width
    best: Solution | None = None
    while True:
        step = _stage(problem, width, weights, reach)
        iterations += step.iterations
        solution = solution_of(original, balanced(original, step), iterations)
        if best is None or solution.duality_gap < best.duality_gap:
            best = solution
        hopeless = width <= LAST_WIDTH or iterations > NEWTON_BUDGET
        if solution.duality_gap <= tolerance or hopeless:
            return replace(best, iterations=iterations)
        weights = step.weights
        reach = REACH * width
        # The gap shrinks about as fast as the width.
        width *= min(0.5, max(MOST_NARROWING, 0.7 * tolerance / solution.duality_gap))


def _approximately(problem: Problem, width: float) -> Step:
    """Find weights near the optimum: over a sample, then with a tenth of the width near its."""
    first = minimise(
        _sample(problem), SmoothHinge(width), np.zeros(problem.width), tolerance=ROUGHLY
    )
    residuals = problem.residuals(first.weights)
    near = np.abs(residuals) < width
    loss = SmoothHinge(0.1 * width)
    second = _among(problem, loss, first.weights, near, np.where(near, 0.0, residuals > 0))
    return replace(second, iterations=first.iterations + second.iterations)


def _among(
    problem: Problem, loss: SmoothHinge, weights: Floats, near: Mask, far_slopes: Floats
) -> Step:
    """Minimise over the near pairs, the slopes of the others being known."""
    background = problem.differences.apply_transposed(problem.shares * far_slopes)
    return minimise(problem.restricted(np.flatnonzero(near)), loss, weights, background)


def _sample(problem: Problem) -> Problem:
    """Take every so-many-th pair: enough to tell which pairs will be near the corner."""
    count = len(problem.demands)
    sample = problem.restricted(np.arange(0, count, count // SAMPLE))
    return replace(sample, shares=sample.shares / sample.shares.sum())


def _stage(problem: Problem, width: float, weights: Floats, reach: float) -> Step:
    """
    Minimise with a parabola of this width, looking only at the pairs whose residual is near it.

    Pairs further than ``reach`` from the corner have a slope of 0 or 1, and keep it unless the
    weights move far: that is checked afterwards over all pairs, and those that moved are added.
    """
    loss = SmoothHinge(width)
    if np.isinf(reach):
        return minimise(problem, loss, weights)
    residuals = problem.residuals(weights)
    near = np.abs(residuals) < reach
    iterations = 0
    while True:
        far_slopes = np.where(near, 0.0, residuals > 0)
        step = _among(problem, loss, weights, near, far_slopes)
        iterations += step.iterations
        weights = step.weights
        residuals = problem.residuals(weights)
        slopes = loss.slopes(residuals)
        moved = ~near & (slopes != far_slopes)
        if not moved.any():
            # Slopes of near pairs are those that make the gradient vanish: on a narrow parabola
            # rounding would spoil them if they were computed anew.
            slopes[near] = step.slopes
            return Step(weights, residuals, slopes, step.gradient, iterations)
        near |= moved | (np.abs(residuals) < reach)
