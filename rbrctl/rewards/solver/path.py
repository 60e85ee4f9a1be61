"""
The logistic loss solved along a path, from strong L2 and high temperature to those that are asked.

Newton's method alone starts where most pairs are far from any curvature, and creeps; each point of
the path is a good start for the next.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.losses import Logistic
from rbrctl.rewards.solver.newton import Step, minimise
from rbrctl.rewards.solver.problem import Problem

FIRST_L2 = 0.1
FACTOR = 0.1
"""From one point of the path to the next."""
LAST_L2 = 1e-14
"""Below this the L2 term is lost in rounding, and none is taken."""


def follow(problem: Problem, temperature: float, start: Floats | None = None) -> Iterator[Step]:
    """
    Give points from where the temperature is the one asked for, each nearer the optimum.

    With ``start``, weights that are near, the optimum is first sought from there.
    """
    iterations = 0
    if start is not None:
        step = minimise(problem, Logistic(temperature), start)
        iterations = step.iterations
        yield step
    l2, heat = max(problem.l2, FIRST_L2), max(temperature, 1.0)
    weights = np.zeros(problem.width)
    while True:
        step = minimise(replace(problem, l2=l2), Logistic(heat), weights)
        iterations += step.iterations
        weights = step.weights
        if heat == temperature:
            yield replace(step, iterations=iterations)
        if heat == temperature and l2 == problem.l2:
            return
        heat = max(heat * FACTOR, temperature)
        l2 = max(l2 * FACTOR, problem.l2)
        if l2 < LAST_L2:
            l2 = problem.l2
