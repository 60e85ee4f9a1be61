"""
The hinge loss, max(0, residual): a pair loses what its difference lacks of the margin.

It is the loss of Mu et al. (2024) and of ranking support vector machines (Joachims 2002). Its kink
rules out Newton's method, so that it brings two methods of its own; where one does not certify the
optimum, the next is tried.
"""

from collections.abc import Callable
from typing import Self

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.losses.interface import Loss
from rbrctl.rewards.solver.active_set import solve_active_set
from rbrctl.rewards.solver.certificate import Solution, better, certified
from rbrctl.rewards.solver.interior_point import InteriorPoint
from rbrctl.rewards.solver.problem import Problem
from rbrctl.rewards.solver.smoothing import smoothing_continuation

INTERIOR_POINT_LIMIT = 5_000
"""Pairs up to which the interior point method takes milliseconds, and is tried first."""
MAX_ITERATIONS = 80
"""Steps of the interior point method; some twenty are usual."""


class Hinge(Loss):
    """max(0, residual)."""

    name = "hinge"
    smallest_unit = 0.0

    def values(self, residuals: Floats) -> Floats:
        """Return max(0, residual)."""
        return np.maximum(residuals, 0.0)

    def slopes(self, residuals: Floats) -> Floats:
        """Return 1 where a pair falls short of its target, else 0."""
        return np.asarray(residuals > 0, dtype=np.float64)

    def conjugate(self, slopes: Floats) -> Floats:
        """Return 0, which is the conjugate for every slope in [0, 1]."""
        return np.zeros(len(slopes))

    def rescaled(self, unit: float) -> Self:
        """Return the loss itself: max(0, unit r) / unit is max(0, r)."""
        return self

    def minimise(self, problem: Problem, tolerance: float, start: Floats | None) -> Solution:
        """
        Return weights within the tolerance, by the method that is fastest for the problem.

        That is the continuation where there are many pairs, or a start near which L2 keeps the
        optimum; else the interior point method, and then the same with twice the digits.
        """
        methods: list[Callable[[], Solution]] = [
            lambda: self._by_interior_point(InteriorPoint(problem), tolerance),
            lambda: self._by_interior_point(InteriorPoint(problem, precise=True), tolerance),
        ]
        is_near = start is not None and problem.l2 > 0
        many = len(problem.targets) > INTERIOR_POINT_LIMIT
        place = 0 if is_near or many else len(methods)
        methods.insert(place, lambda: smoothing_continuation(problem, self, tolerance, start))
        best = methods[0]()
        for method in methods[1:]:
            if best.duality_gap <= tolerance:
                break
            best = better(best, method())
        return best

    def _by_interior_point(self, method: InteriorPoint, tolerance: float) -> Solution:
        """Iterate until the certificate holds, or until rounding stops all progress."""
        best = certified(method.problem, self, method.iterate(), 0)
        for iteration in range(1, MAX_ITERATIONS + 1):
            moved = method.advance()
            last = not moved or iteration == MAX_ITERATIONS
            if not last and method.point.complementarity() > tolerance:
                continue
            # An iterate stays inside the feasible region and so is always a little off. Solving for
            # the pairs that seem to lie on the kink removes that error, if the guess is right.
            inside = method.iterate()
            for each in (inside, solve_active_set(method.problem, inside, method.active())):
                best = better(best, certified(method.problem, self, each, iteration))
            if last or best.duality_gap <= tolerance:
                break
        return best


LOSS = Hinge()
