"""
Fit weights to ordered pairs: a certified optimum of the hinge or the logistic loss.

For the hinge and many pairs, its corner is smoothed by a parabola, and Newton's method follows the
minimum as it narrows (a homotopy), looking only at pairs near the corner. For few pairs an interior
point method, which is slower for many; where the one certifies no optimum, the other is tried. The
logistic loss has a path of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.certificate import certify, objective, radius
from rbrctl.rewards.solver.interior import MAX_ITERATIONS, InteriorPoint
from rbrctl.rewards.solver.losses import Logistic, SmoothHinge
from rbrctl.rewards.solver.newton import Step, minimise
from rbrctl.rewards.solver.path import follow
from rbrctl.rewards.solver.polishing import balanced, polished
from rbrctl.rewards.solver.problem import Problem
from rbrctl.rewards.solver.recession import recession
from rbrctl.rewards.solver.scaling import in_units

FIRST_WIDTH = 1.0
"""Of the parabola, in units of reward: of the order of the margin."""
MOST_NARROWING = 0.03
"""Of the parabola in one go: with less, Newton's method needs more steps than are saved."""
LEAST_TOLERANCE = 1e-9
"""Of the duality gap, as a share of the median demand: less is lost in rounding."""
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
    """The objective is at most this much above the best possible within the radius."""
    iterations: int
    radius: float = np.inf
    """
    Which weights are meant: those whose absolute sum, each times the largest difference of its
    feature, is at most this. With L2 it is all.
    """
    recession: Floats | None = None
    """A direction in which the loss falls for ever, so that nothing is an optimum."""


def solve(
    problem: Problem, loss: str = "hinge", tolerance: float = 5e-7, start: Floats | None = None
) -> Solution:
    """
    Minimise the mean loss over the pairs plus the L2 term.

    ``loss`` is ``hinge`` or ``logistic``; ``tolerance`` is the duality gap to reach, as far as
    rounding allows where demands are large. Deterministic: the same problem gives the same weights.
    ``start`` saves time where near weights are known.
    """
    logistic = loss == "logistic"
    posed, units = in_units(problem, 1.0 if logistic else 0.0)
    wanted = max(tolerance / max(units.reward, 1.0), LEAST_TOLERANCE)
    near = None if start is None else units.own(start)
    if logistic:
        found = _solve_logistic(posed, 1 / units.reward, wanted, near)
    else:
        found = _solve_hinge(posed, wanted, near)
    return replace(
        found,
        weights=units.weights(found.weights),
        objective=found.objective * units.reward,
        duality_gap=found.duality_gap * units.reward,
        radius=radius(posed, found.weights) * units.reward,
        recession=None if found.recession is None else units.weights(found.recession),
    )


def _solve_logistic(
    problem: Problem, temperature: float, tolerance: float, start: Floats | None
) -> Solution:
    """Follow the path until the certificate holds; without L2, look whether there is an optimum."""
    best = Solution(np.zeros(problem.width), np.inf, np.inf, 0)
    for step in follow(problem, temperature, start):
        best = _better(best, _solution(problem, step, step.iterations, temperature))
        if best.duality_gap <= tolerance:
            break
    if problem.l2 > 0:
        return best
    slopes = Logistic(temperature).slopes(problem.residuals(best.weights))
    return replace(best, recession=recession(problem, best.weights, slopes))


def _solve_hinge(problem: Problem, tolerance: float, start: Floats | None) -> Solution:
    """
    Try one method after the other until one certifies the optimum.

    Newton's first where there are many pairs, or near weights to start from and an L2 that keeps
    the optimum near them; else the interior point method, then with twice the digits.
    """
    methods: list[Callable[[], Solution]] = [
        lambda: _approach(InteriorPoint(problem), tolerance),
        lambda: _approach(InteriorPoint(problem, careful=True), tolerance),
    ]
    near = start is not None and problem.l2 > 0
    first = 0 if near or len(problem.demands) > FEW else len(methods)
    methods.insert(first, lambda: _solve_newton(problem, tolerance, start))
    best = methods[0]()
    for method in methods[1:]:
        if best.duality_gap <= tolerance:
            break
        best = _better(best, method())
    return best


def _approach(method: InteriorPoint, tolerance: float) -> Solution:
    """Step until the certificate holds, or rounding lets nothing move."""
    best = _solution(method.problem, method.step(), 0)
    for iteration in range(1, MAX_ITERATIONS + 1):
        moved = method.advance()
        last = not moved or iteration == MAX_ITERATIONS
        if not last and method.point.complementarity() > tolerance:
            continue
        for step in (method.step(), polished(method.problem, method.step(), method.corner())):
            best = _better(best, _solution(method.problem, step, iteration))
        if last or best.duality_gap <= tolerance:
            break
    return best


def _solve_newton(original: Problem, tolerance: float, start: Floats | None) -> Solution:
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
        step = minimise(_sample(problem), SmoothHinge(width), weights)
        weights, iterations = step.weights, step.iterations
        width, reach = 0.1 * width, width
    best: Solution | None = None
    while True:
        step = _stage(problem, width, weights, reach)
        iterations += step.iterations
        solution = _solution(original, balanced(original, step), iterations)
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


def _better(first: Solution, second: Solution) -> Solution:
    """Choose the one that is certified more closely."""
    return second if second.duality_gap < first.duality_gap else first


def _solution(problem: Problem, step: Step, iterations: int, temperature: float = 0.0) -> Solution:
    value = objective(problem, step.weights, step.residuals, temperature)
    gap = max(value - certify(problem, step, temperature), 0.0)
    return Solution(step.weights, value, gap, iterations)
