"""
Proofs about weights: how far from the optimum they can be, or that there is no optimum.

The first is a duality gap (Boyd and Vandenberghe, *Convex Optimization*, section 5.5.1), the second
a direction of recession (Rockafellar, *Convex Analysis*, section 27). Both hold for whatever
weights they are given, however these were found, so that an error in a method cannot go unnoticed.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.solver.newton import Iterate
from rbrctl.rewards.solver.problem import Problem

RADIUS = 1e4
"""Without L2 the bound holds for weights up to this size (see ``Solution.radius``)."""
RADIUS_FACTOR = 10.0
"""The bound holds for weights up to this many times the size of the solution, if that is larger."""

SLOPE_LEVELS = (1e-2, 1e-4, 1e-6)
"""
Pairs with a smaller slope are taken for those whose loss vanishes along a direction.

The later levels constrain more pairs and leave fewer directions to choose from.
"""
NULL_EIGENVALUE = 1e-12
"""Eigenvalues below this share of the largest count as zero: the square of a rounding error."""
GAIN_ROUNDING = 1e-6
"""A loss in reward below this share of the largest gain is a rounding error."""
LEAST_GAIN = 1e-3
"""In units of reward: smaller gains are what the projection leaves where there is no direction."""


class ConjugateLoss(Protocol):
    """The part of a loss that a certificate needs; see ``rbrctl.rewards.losses.interface``."""

    def values(self, residuals: Floats) -> Floats:
        """Return the loss of each residual."""
        ...

    def conjugate(self, slopes: Floats) -> Floats:
        """Return the convex conjugate at each slope."""
        ...


@dataclass(frozen=True, slots=True)
class Solution:
    """Weights, the objective there, and a proof of how far from the optimum they can be."""

    weights: Floats
    objective: float
    """Mean loss plus the L2 term."""
    duality_gap: float
    """The objective is at most this much above the smallest one within the radius."""
    iterations: int
    radius: float = np.inf
    """
    The optimum is certified over all weights w with sum(abs(w_i) * max_difference_i) <= radius.

    With L2 the radius is infinite.
    """
    recession: Floats | None = None
    """A direction in which the loss decreases for ever, so that there is no optimum."""


def better(first: Solution, second: Solution) -> Solution:
    """Return the solution with the smaller duality gap, the first if both are equal."""
    return second if second.duality_gap < first.duality_gap else first


def certified(problem: Problem, loss: ConjugateLoss, iterate: Iterate, iterations: int) -> Solution:
    """Return an iterate of a method as a solution, with its duality gap."""
    value = objective(problem, loss, iterate.weights, iterate.residuals)
    gap = max(value - dual_bound(problem, loss, iterate), 0.0)
    return Solution(iterate.weights, value, gap, iterations)


def objective(problem: Problem, loss: ConjugateLoss, weights: Floats, residuals: Floats) -> float:
    """Return the mean loss plus the L2 term."""
    mean_loss = float(problem.sample_weights @ loss.values(residuals))
    return mean_loss + problem.l2 / 2 * float(weights @ weights)


def dual_bound(problem: Problem, loss: ConjugateLoss, iterate: Iterate) -> float:
    """
    Return a value that the objective cannot go below, whatever the weights.

    For any slope u_i the Fenchel-Young inequality says f(r_i) >= u_i r_i - f*(u_i). With p_i the
    sample weights, t_i the targets and a_i = p_i u_i the dual variables, the objective at any w is
    at least ``a' t - sum p_i f*(u_i) - g' w + l2/2 |w|^2``, where g = D' a. With L2 the minimum
    over w is ``-|g|^2 / (2 l2)``. Without L2 the bound would need g = 0; what rounding leaves of g
    is charged at the weights within the radius where it costs the most.
    """
    duals = problem.sample_weights * iterate.slopes
    bound = float(duals @ problem.targets)
    bound -= float(problem.sample_weights @ loss.conjugate(iterate.slopes))
    gradient = problem.differences.apply_transposed(duals)
    # Where a sign is prescribed and g points to the forbidden side, w = 0 is the best there is, and
    # the feature costs nothing: its multiplier takes up the gradient.
    gradient = np.where(problem.signs * gradient < 0, 0.0, gradient)
    if problem.l2 > 0:
        return bound - float(gradient @ gradient) / (2 * problem.l2)
    largest = float(np.abs(gradient).max(initial=0.0))
    # No loss is negative, so that zero is always a bound.
    return max(bound - largest * radius(problem, iterate.weights), 0.0)


def radius(problem: Problem, weights: Floats) -> float:
    """
    Return the absolute sum of weights up to which a bound holds; infinite with L2.

    Without L2 no bound can hold for all weights once features differ by less than rounding.
    """
    if problem.l2 > 0:
        return np.inf
    return max(RADIUS, RADIUS_FACTOR * float(np.abs(weights).sum()))


def recession_direction(problem: Problem, weights: Floats, slopes: Floats) -> Floats | None:
    """
    Return a direction in which the loss decreases for ever; None if the weights show none.

    It applies to a loss that is never zero, like the logistic, without L2: such a loss has an
    optimum exactly if there is no direction along which no pair loses and some pair gains. Weights
    that an iteration has driven far along such a direction are nearly a multiple of it. What
    differs is the part held in place by the pairs with a noticeable slope, which must neither gain
    nor lose: projecting the weights on the null space of these pairs removes it. The result is
    checked against every pair, so that a direction that is returned is proved to be one.
    """
    for level in SLOPE_LEVELS:
        free = np.asarray((problem.signs == 0) | (weights != 0))
        while free.any():
            direction = _null_projection(problem, weights, slopes > level, free)
            forbidden = free & (problem.signs * direction < 0)
            if not forbidden.any():
                if _decreases_for_ever(problem, direction):
                    return direction
                break
            free &= ~forbidden
    return None


def _null_projection(problem: Problem, weights: Floats, held: Mask, free: Mask) -> Floats:
    """Project the free weights on the null space of the rows of the held pairs."""
    rows = problem.differences.rows(np.flatnonzero(held))[:, free]
    values, vectors = np.linalg.eigh(rows.T @ rows)
    null = vectors[:, values <= NULL_EIGENVALUE * max(values[-1], 1.0)]
    direction = np.zeros(problem.feature_count)
    direction[free] = null @ (null.T @ weights[free])
    return np.where(np.abs(direction) < GAIN_ROUNDING * np.abs(direction).max(), 0.0, direction)


def _decreases_for_ever(problem: Problem, direction: Floats) -> bool:
    gains = problem.differences.apply(direction)
    most = float(gains.max())
    return most > LEAST_GAIN and float(gains.min()) >= -GAIN_ROUNDING * most
