"""
Fit weights to ordered pairs: a certified optimum of the hinge or the logistic loss.

The hinge's corner is smoothed by a parabola; Newton's method with a narrowing parabola then follows
the minimum (a homotopy), and only pairs near the corner are looked at on the way.
"""

from dataclasses import dataclass, replace

import numpy as np

from rbrctl.rewards.certificate import certify
from rbrctl.rewards.losses import Logistic, SmoothHinge, hinge, softplus
from rbrctl.rewards.newton import Step, minimise
from rbrctl.rewards.problem import Floats, Problem

FIRST_WIDTH = 1.0
"""Of the parabola, in units of reward: of the order of the margin."""
LAST_WIDTH = 1e-9
"""A parabola narrower than this is lost in rounding."""
SAMPLE = 2_500
"""Pairs that show well enough where the optimum lies."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Weights, the objective there, and a proof of how far from the optimum they can be."""

    weights: Floats
    objective: float
    """Mean loss plus the L2 term."""
    duality_gap: float
    """The objective is at most this much above the best possible."""
    iterations: int


def solve(
    problem: Problem, loss: str = "hinge", tolerance: float = 1e-7, start: Floats | None = None
) -> Solution:
    """
    Minimise the mean loss over the pairs plus the L2 term.

    ``loss`` is ``hinge`` or ``logistic``; ``tolerance`` is the duality gap to reach. Deterministic:
    the same problem gives the same weights. ``start`` saves time where near weights are known.
    """
    weights = np.zeros(problem.width) if start is None else start.copy()
    if loss == "hinge":
        return _solve_hinge(problem, tolerance, weights, start is not None)
    step = minimise(problem, Logistic(), weights)
    return _solution(problem, step, loss, step.iterations)


def _solve_hinge(problem: Problem, tolerance: float, weights: Floats, warm: bool) -> Solution:
    """Follow the minimum as the parabola at the hinge's corner narrows."""
    width = FIRST_WIDTH
    reach = np.inf
    iterations = 0
    if warm:
        width, reach = 0.1 * width, width
    elif len(problem.demands) >= 2 * SAMPLE:
        step = minimise(_sample(problem), SmoothHinge(width), weights)
        weights, iterations = step.weights, step.iterations
        width, reach = 0.1 * width, width
    best: Solution | None = None
    while True:
        step = _stage(problem, width, weights, reach)
        iterations += step.iterations
        solution = _solution(problem, step, "hinge", iterations)
        if best is None or solution.duality_gap < best.duality_gap:
            best = solution
        if solution.duality_gap <= tolerance or width <= LAST_WIDTH:
            return replace(best, iterations=iterations)
        weights = step.weights
        reach = 4 * width
        # The gap shrinks about as fast as the width.
        width *= min(0.5, max(0.1, 0.7 * tolerance / solution.duality_gap))


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
        background = problem.differences.apply_transposed(problem.shares * far_slopes)
        chosen = np.flatnonzero(near)
        step = minimise(problem.restricted(chosen), loss, weights, background)
        iterations += step.iterations
        weights = step.weights
        residuals = problem.residuals(weights)
        slopes = loss.slopes(residuals)
        moved = ~near & (slopes != far_slopes)
        if not moved.any():
            # Slopes of near pairs are those that make the gradient vanish: on a narrow parabola
            # rounding would spoil them if they were computed anew.
            slopes[chosen] = step.slopes
            return Step(weights, residuals, slopes, step.gradient, iterations)
        near |= moved | (np.abs(residuals) < reach)


def _solution(problem: Problem, step: Step, loss: str, iterations: int) -> Solution:
    values = hinge(step.residuals) if loss == "hinge" else softplus(step.residuals)
    penalty = problem.l2 / 2 * float(step.weights @ step.weights)
    objective = float(problem.shares @ values) + penalty
    bound = certify(problem, step, loss)
    return Solution(step.weights, objective, max(objective - bound, 0.0), iterations)
