"""The fitting problem as arrays, and its units: ordered pairs of completions and their targets."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices


class Differences(Protocol):
    """The matrix D of feature differences (better minus worse), pairs by features."""

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of pairs and of features."""
        ...

    def apply(self, weights: Floats) -> Floats:
        """Return D w, the difference in reward of every pair."""
        ...

    def apply_transposed(self, duals: Floats) -> Floats:
        """Return D' a, the sum of the pairs' rows, each times its dual variable."""
        ...

    def rows(self, pairs: Indices) -> Floats:
        """Return the rows of these pairs as an array."""
        ...

    def largest(self) -> Floats:
        """Return the largest absolute difference of every feature."""
        ...

    def scaled(self, factors: Floats) -> "Differences":
        """Return the matrix with every column multiplied by a factor of its own."""
        ...


@dataclass(frozen=True, slots=True)
class GatheredDifferences:
    """
    A matrix that is never built: a product is two gathers or two scatters over the completions.

    There are far more pairs than completions, so that this is faster and needs less memory.
    """

    features: Floats
    """Completions by features."""
    better: Indices
    worse: Indices

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of pairs and of features."""
        return len(self.better), int(self.features.shape[1])

    def apply(self, weights: Floats) -> Floats:
        """Return D w, the difference in reward of every pair."""
        rewards = self.features @ weights
        return np.asarray(rewards.take(self.better) - rewards.take(self.worse))

    def apply_transposed(self, duals: Floats) -> Floats:
        """Return D' a, the sum of the pairs' rows, each times its dual variable."""
        count = len(self.features)
        per_completion = np.bincount(self.better, duals, count)
        per_completion -= np.bincount(self.worse, duals, count)
        return np.asarray(per_completion @ self.features)

    def rows(self, pairs: Indices) -> Floats:
        """Return the rows of these pairs as an array."""
        better, worse = self.better.take(pairs), self.worse.take(pairs)
        # Three times as fast as indexing with an array.
        return np.asarray(self.features.take(better, axis=0) - self.features.take(worse, axis=0))

    def largest(self) -> Floats:
        """Return the largest absolute differences, with one column in memory at a time."""
        columns = np.ascontiguousarray(self.features.T)
        differences = (column.take(self.better) - column.take(self.worse) for column in columns)
        return np.array([np.abs(each).max(initial=0.0) for each in differences])

    def scaled(self, factors: Floats) -> "GatheredDifferences":
        """Return the matrix with every column multiplied by a factor of its own."""
        return replace(self, features=self.features * factors)


@dataclass(frozen=True, slots=True)
class DenseDifferences:
    """The matrix itself: faster than gathering where there are few pairs."""

    matrix: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of pairs and of features."""
        return len(self.matrix), int(self.matrix.shape[1])

    def apply(self, weights: Floats) -> Floats:
        """Return D w, the difference in reward of every pair."""
        return np.asarray(self.matrix @ weights)

    def apply_transposed(self, duals: Floats) -> Floats:
        """Return D' a, the sum of the pairs' rows, each times its dual variable."""
        return np.asarray(duals @ self.matrix)

    def rows(self, pairs: Indices) -> Floats:
        """Return the rows of these pairs as an array."""
        return self.matrix.take(pairs, axis=0)

    def largest(self) -> Floats:
        """Return the largest absolute difference of every feature."""
        return np.asarray(np.abs(self.matrix).max(axis=0, initial=0.0))

    def scaled(self, factors: Floats) -> "DenseDifferences":
        """Return the matrix with every column multiplied by a factor of its own."""
        return replace(self, matrix=self.matrix * factors)


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Ordered pairs of completions, and the target that the weights should reach for each.

    Pair i reaches its target if (D w)_i >= target_i; its residual is target_i - (D w)_i.
    """

    differences: Differences
    targets: Floats
    """The margin of each pair minus what the reward model and the fixed weights already give."""
    sample_weights: Floats
    """The weight of each pair in the mean loss; they sum to one."""
    signs: Floats
    """Per feature: 1 or -1 where its weight must not have the other sign, 0 where it is free."""
    l2: float = 0.0
    """The objective is the mean loss plus half of this times the squared norm of the weights."""

    @property
    def feature_count(self) -> int:
        """The number of features, which is that of the weights."""
        return self.differences.shape[1]

    def residuals(self, weights: Floats) -> Floats:
        """Return by how much each pair falls short of its target; negative if it exceeds it."""
        return np.asarray(self.targets - self.differences.apply(weights))

    def scaled(self, factor: float) -> "Problem":
        """
        Return the problem with rewards in another unit.

        With the targets times the factor and L2 divided by it, the optimal weights and (for a loss
        that is rescaled likewise) the objective are the factor times what they were.
        """
        return replace(self, targets=self.targets * factor, l2=self.l2 / factor)

    def restricted(self, pairs: Indices) -> "Problem":
        """Return the problem of these pairs only, each with the sample weight that it had."""
        return replace(
            self,
            differences=DenseDifferences(self.differences.rows(pairs)),
            targets=self.targets.take(pairs),
            sample_weights=self.sample_weights.take(pairs),
        )


@dataclass(frozen=True, slots=True)
class Units:
    """The factors that lead from the solver's own units back to those of the posed problem."""

    reward: float
    features: Floats
    """Per feature; its weight has the unit of reward divided by this."""

    def weights(self, weights: Floats) -> Floats:
        """Return weights in the units of the posed problem."""
        return weights * self.reward / self.features

    def own(self, weights: Floats) -> Floats:
        """Return weights of the posed problem in the solver's own units."""
        return weights * self.features / self.reward


def in_own_units(problem: Problem, smallest_unit: float) -> tuple[Problem, Units]:
    """
    Return the problem in units where targets, features and weights are of the order of one.

    The solver's constants are chosen for that. The unit of reward is the median target, or
    ``smallest_unit`` if that is larger; the mean would follow a single outlier. Without L2 every
    feature is divided by a power of two no larger than its largest difference, which is exact in
    floating point and changes only the weights' units. L2 compares the weights of the features, so
    that with L2 the features stay as they are.
    """
    unit = max(_typical(np.abs(problem.targets)), smallest_unit)
    features = np.ones(problem.feature_count)
    posed = problem.scaled(1 / unit)
    if problem.l2 == 0:
        largest = problem.differences.largest()
        features[largest > 0] = np.exp2(np.floor(np.log2(largest[largest > 0])))
        posed = replace(posed, differences=problem.differences.scaled(1 / features))
    return posed, Units(unit, features)


def _typical(targets: Floats) -> float:
    return float(np.median(targets)) or float(targets.mean()) or 1.0


def weighted_gram(rows: Floats, weights: Floats) -> Floats:
    """Return ``rows.T @ diag(weights) @ rows``, for weights that are not negative."""
    # An array times its own transpose takes half the time of a product of two.
    if len(weights) and weights.min() == weights.max():
        return np.asarray((rows.T @ rows) * weights[0])
    scaled = rows * np.sqrt(weights)[:, None]
    return np.asarray(scaled.T @ scaled)
