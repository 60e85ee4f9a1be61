"""
What a loss must provide to be fitted, certified and reported.

The loss of one pair is a function f of its residual: the margin that the pair should have, minus
the difference in reward that it has. f is convex, increasing and never negative. Subclass
``SmoothLoss`` if f has a second derivative almost everywhere: it is then minimised by Newton's
method, and a module with five short methods is all that is needed (see ``logistic``). Subclass
``Loss`` and write ``minimise`` if f has a kink (see ``hinge``).
"""

from abc import ABC, abstractmethod
from typing import Self

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.certificate import Solution
from rbrctl.rewards.solver.continuation import temperature_continuation
from rbrctl.rewards.solver.problem import Problem


class Loss(ABC):
    """A convex, increasing function of a pair's residual that is never negative."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name in options, weights files and reports: its module's, with hyphens."""

    smallest_unit: float = 1.0
    """
    The solver measures rewards in units of at least this, in units of the posed problem.

    0 is right only for a loss that looks the same in every unit, f(c r) = c f(r).
    """

    @abstractmethod
    def values(self, residuals: Floats) -> Floats:
        """Return f of each residual."""

    @abstractmethod
    def slopes(self, residuals: Floats) -> Floats:
        """Return the first derivative at each residual; any subgradient at a kink."""

    @abstractmethod
    def conjugate(self, slopes: Floats) -> Floats:
        """Return the convex conjugate f*(u) = sup over r of (u r - f(r)), for slopes u of f."""

    @abstractmethod
    def rescaled(self, unit: float) -> Self:
        """Return the loss of residuals that are measured in this unit: f(unit r) / unit."""

    @abstractmethod
    def minimise(self, problem: Problem, tolerance: float, start: Floats | None) -> Solution:
        """
        Return weights whose duality gap is within the tolerance, or the best that were found.

        ``start`` are weights that are expected to be near the optimum.
        """


class SmoothLoss(Loss):
    """
    A loss with a second derivative, in a family f_t(r) = t f(r / t) over temperatures t.

    The higher the temperature, the flatter the curve. The solver starts hot and cools down.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        """Take the temperature, in units of reward; positive."""
        self.temperature = temperature

    @property
    @abstractmethod
    def reaches_zero(self) -> bool:
        """
        True if f is exactly zero below some residual, so that separable pairs have an optimum.

        Otherwise weights that order all pairs can be scaled up for ever, each time losing less.
        """

    @abstractmethod
    def curvatures(self, residuals: Floats) -> Floats:
        """Return the second derivative at each residual."""

    def at_temperature(self, temperature: float) -> Self:
        """Return the same loss at another temperature."""
        return type(self)(temperature)

    def rescaled(self, unit: float) -> Self:
        """Return the loss of residuals that are measured in this unit."""
        return self.at_temperature(self.temperature / unit)

    def minimise(self, problem: Problem, tolerance: float, start: Floats | None) -> Solution:
        """Return weights within the tolerance by Newton's method, from hot to cold."""
        return temperature_continuation(problem, self, tolerance, start)
