"""
Fit weights to ordered pairs: a certified optimum of the hinge or the logistic loss.

For the hinge and many pairs, its corner is smoothed by a parabola, and Newton's method follows the
minimum as it narrows (a homotopy), looking only at pairs near the corner. For few pairs an interior
point method, which is slower for many; where the one certifies no optimum, the other is tried. The
logistic loss has a path of its own.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.certificate import radius
from rbrctl.rewards.solver.homotopy import follow_narrowing
from rbrctl.rewards.solver.interior import MAX_ITERATIONS, InteriorPoint
from rbrctl.rewards.solver.loss_kind import LossKind
from rbrctl.rewards.solver.losses import Logistic
from rbrctl.rewards.solver.path import follow
from rbrctl.rewards.solver.polishing import polished
from rbrctl.rewards.solver.problem import Problem
from rbrctl.rewards.solver.recession import recession
from rbrctl.rewards.solver.scaling import in_units
from rbrctl.rewards.solver.solution import Solution, better, solution_of

LEAST_TOLERANCE = 1e-9
"""Of the duality gap, as a share of the median demand: less is lost in rounding."""
FEW = 5_000
"""Pairs up to which the interior point method takes milliseconds."""


def solve(
    problem: Problem,
    loss: str = LossKind.HINGE,
    tolerance: float = 5e-7,
    start: Floats | None = None,
) -> Solution:
    """
    Minimise the mean loss over the pairs plus the L2 term.

    ``loss`` is ``hinge`` or ``logistic``; ``tolerance`` is the duality gap to reach, as far as
    rounding allows where demands are large. Deterministic: the same problem gives the same weights.
    ``start`` saves time where near weights are known. Raises ValueError for another loss.
    """
    logistic = LossKind(loss) is LossKind.LOGISTIC
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
        best = better(best, solution_of(problem, step, step.iterations, temperature))
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
    methods.insert(first, lambda: follow_narrowing(problem, tolerance, start))
    best = methods[0]()
    for method in methods[1:]:
        if best.duality_gap <= tolerance:
            break
        best = better(best, method())
    return best


def _approach(method: InteriorPoint, tolerance: float) -> Solution:
    """Step until the certificate holds, or rounding lets nothing move."""
    best = solution_of(method.problem, method.step(), 0)
    for iteration in range(1, MAX_ITERATIONS + 1):
        moved = method.advance()
        last = not moved or iteration == MAX_ITERATIONS
        if not last and method.point.complementarity() > tolerance:
            continue
        for step in (method.step(), polished(method.problem, method.step(), method.corner())):
            best = better(best, solution_of(method.problem, step, iteration))
        if last or best.duality_gap <= tolerance:
            break
    return best
