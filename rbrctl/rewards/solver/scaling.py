"""The problem in units of its own, where demands, features and weights are of the order of one."""

from dataclasses import dataclass, replace

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.problem import Problem


@dataclass(frozen=True, slots=True)
class Units:
    """What to multiply by to come back to the units of the problem that was posed."""

    reward: float
    features: Floats
    """Of each feature's values; its weight is in units of reward by this."""

    def weights(self, weights: Floats) -> Floats:
        """Give weights in the units of the problem that was posed."""
        return weights * self.reward / self.features

    def own(self, weights: Floats) -> Floats:
        """Give weights of the problem that was posed in units of its own."""
        return weights * self.features / self.reward


def in_units(problem: Problem, least: float = 0.0) -> tuple[Problem, Units]:
    """
    Measure a problem in units of its own.

    The unit of reward is the median demand, or ``least`` if that is more: one pair may demand as
    much as it likes. Without L2 every feature is measured by a power of two at most its largest
    difference, which changes nothing but what the weights are called. With L2, which compares the
    features' weights, features are left as they are.
    """
    unit = max(_typical(np.abs(problem.demands)), least)
    features = np.ones(problem.width)
    posed = problem.scaled(1 / unit)
    if problem.l2 == 0:
        largest = problem.differences.largest()
        features[largest > 0] = np.exp2(np.floor(np.log2(largest[largest > 0])))
        posed = replace(posed, differences=problem.differences.scaled(1 / features))
    return posed, Units(unit, features)


def _typical(demands: Floats) -> float:
    return float(np.median(demands)) or float(demands.mean()) or 1.0
