"""
Continuation for smooth losses: from strong L2 and a high temperature down to those of the problem.

From zero weights most pairs lie where the loss has next to no curvature, and Newton's method makes
little progress. Each point of the path is a good start for the next one. Source: Nocedal and
Wright, *Numerical Optimization* (2006), section 11.3.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, Self

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.certificate import (
    ConjugateLoss,
    Solution,
    better,
    certified,
    recession_direction,
)
from rbrctl.rewards.solver.newton import CurvedLoss, Iterate, minimise
from rbrctl.rewards.solver.problem import Problem

FIRST_L2 = 0.1
COOLING = 0.1
"""The factor of temperature and L2 from one point of the path to the next."""
LAST_L2 = 1e-14
"""A smaller L2 term is lost in rounding; the path goes on with that of the problem."""


class TemperedLoss(ConjugateLoss, CurvedLoss, Protocol):
    """A smooth loss with a temperature; see ``rbrctl.rewards.losses.interface.SmoothLoss``."""

    temperature: float

    @property
    def reaches_zero(self) -> bool:
        """True if the loss is exactly zero below some residual."""
        ...

    def at_temperature(self, temperature: float) -> Self:
        """Return the same loss at another temperature."""
        ...


def temperature_continuation(
    problem: Problem, loss: TemperedLoss, tolerance: float, start: Floats | None
) -> Solution:
    """
    Return the first point of the path whose duality gap is within the tolerance.

    Without L2, and for a loss that is never zero, a direction of recession is looked for, too.
    """
    best = Solution(np.zeros(problem.feature_count), np.inf, np.inf, 0)
    for iterate in _path(problem, loss, start):
        best = better(best, certified(problem, loss, iterate, iterate.iterations))
        if best.duality_gap <= tolerance:
            break
    if problem.l2 > 0 or loss.reaches_zero:
        return best
    slopes = loss.slopes(problem.residuals(best.weights))
    return replace(best, recession=recession_direction(problem, best.weights, slopes))


def _path(problem: Problem, loss: TemperedLoss, start: Floats | None) -> Iterator[Iterate]:
    """
    Yield points of the path, from where the temperature is that of the loss.

    With ``start`` the optimum is first sought from there: in the bootstrap that is mostly enough.
    """
    iterations = 0
    if start is not None:
        iterate = minimise(problem, loss, start)
        iterations = iterate.iterations
        yield iterate
    l2, temperature = max(problem.l2, FIRST_L2), max(loss.temperature, 1.0)
    weights = np.zeros(problem.feature_count)
    while True:
        posed = replace(problem, l2=l2)
        iterate = minimise(posed, loss.at_temperature(temperature), weights)
        iterations += iterate.iterations
        weights = iterate.weights
        if temperature == loss.temperature:
            yield replace(iterate, iterations=iterations)
            if l2 == problem.l2:
                return
        temperature = max(temperature * COOLING, loss.temperature)
        l2 = max(l2 * COOLING, problem.l2)
        if l2 < LAST_L2:
            l2 = problem.l2
