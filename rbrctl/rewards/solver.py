"""
Fit weights to ordered pairs: a certified optimum of the hinge or the logistic loss.

Many pairs: the hinge's corner is smoothed by a parabola, and Newton's method follows the minimum as
it narrows (a homotopy), looking only at pairs near the corner. Few pairs, or where that certifies
no optimum: an interior point method, which is slower for many pairs and never fails.
"""

from dataclasses import dataclass, replace

import numpy as np

from rbrctl.rewards.certificate import balanced, certify
from rbrctl.rewards.interior import MAX_ITERATIONS, InteriorPoint
from rbrctl.rewards.losses import Logistic, SmoothHinge, hinge, softplus
from rbrctl.rewards.newton import Step, minimise
from rbrctl.rewards.problem import Floats, Problem

FIRST_WIDTH = 1.0
"""Of the parabola, in units of reward: of the order of the margin."""
MOST_NARROWING = 0.03
"""Of the parabola in one go: with less, Newton's method needs more steps than are saved."""
LAST_WIDTH = 1e-9
"""A parabola narrower than this is lost in rounding."""
TIE_BREAK = 1e-8
"""An L2 factor far below what changes the objective within its tolerance."""
SAMPLE = 2_500
"""Pairs that show well enough where the optimum lies."""
FEW = 5_000
"""Pairs up to which the interior point method takes milliseconds."""
NEWTON_BUDGET = 200
"""Iterations; three times what the homotopy needs where it leads to a certificate."""


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
    problem: Problem, loss: str = "hinge", tolerance: float = 5e-7, start: Floats | None = None
) -> Solution:
    """
    Minimise the mean loss over the pairs plus the L2 term.

    ``loss`` is ``hinge`` or ``logistic``; ``tolerance`` is the duality gap to reach. Deterministic:
    the same problem gives the same weights. ``start`` saves time where near weights are known.
    """
    weights = np.zeros(problem.width) if start is None else start.copy()
    if loss == "logistic":
        step = minimise(problem, Logistic(), weights)
        return _solution(problem, step, loss, step.iterations)
    if len(problem.demands) <= FEW:
        return _solve_interior(problem, tolerance)
    solution = _solve_newton(problem, tolerance, weights, start is not None)
    if solution.duality_gap <= tolerance:
        return solution
    second = _solve_interior(problem, tolerance)
    better = min(solution, second, key=lambda each: each.duality_gap)
    return replace(better, iterations=solution.iterations + second.iterations)


def _solve_interior(problem: Problem, tolerance: float) -> Solution:
    """Step until the certificate holds, or rounding lets nothing move."""
    method = InteriorPoint(problem)
    best: Solution | None = None
    for iteration in range(1, MAX_ITERATIONS + 1):
        moved = method.advance()
        last = not moved or iteration == MAX_ITERATIONS
        if not last and method.point.complementarity() > tolerance:
            continue
        solution = _solution(problem, method.step(), "hinge", iteration)
        if best is None or solution.duality_gap < best.duality_gap:
            best = solution
        if last or solution.duality_gap <= tolerance:
            break
    return best if best is not None else _solution(problem, method.step(), "hinge", 0)


def _solve_newton(original: Problem, tolerance: float, weights: Floats, warm: bool) -> Solution:
    """
    Follow the minimum as the parabola at the hinge's corner narrows.

    Without L2 many weights can be equally good; a trace of it chooses small ones among them.
    """
    problem = replace(original, l2=original.l2 or TIE_BREAK)
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
        solution = _solution(original, balanced(original, step), "hinge", iterations)
        if best is None or solution.duality_gap < best.duality_gap:
            best = solution
        hopeless = width <= LAST_WIDTH or iterations > NEWTON_BUDGET
        if solution.duality_gap <= tolerance or hopeless:
            return replace(best, iterations=iterations)
        weights = step.weights
        reach = 4 * width
        # The gap shrinks about as fast as the width.
        width *= min(0.5, max(MOST_NARROWING, 0.7 * tolerance / solution.duality_gap))


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
