"""What a method hands back: weights, the objective there, and how far from the best it can be."""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.certificate import certify, objective
from rbrctl.rewards.solver.newton import Step
from rbrctl.rewards.solver.problem import Problem


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


def better(first: Solution, second: Solution) -> Solution:
    """Choose the one that is certified more closely."""
    return second if second.duality_gap < first.duality_gap else first


def solution_of(
    problem: Problem, step: Step, iterations: int, temperature: float = 0.0
) -> Solution:
    """Certify where an iteration stands; temperature 0 stands for the hinge."""
    value = objective(problem, step.weights, step.residuals, temperature)
    gap = max(value - certify(problem, step, temperature), 0.0)
    return Solution(step.weights, value, gap, iterations)
