"""
The model: for each proposition three small scorers over the features, and a calibration.

The score of a proposition is the mean of the log odds that its parts give: a linear function
(ridge logistic regression), boosted trees, and a forest of trees. Its probability is
``sigmoid(slope * score + intercept)``. A proposition with too few examples has a constant instead.
Inference is plain Python: no package is needed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from rbrctl.statistics.maps import PlattMap

Tree = float | tuple[int, float, "Tree", "Tree"]
"""A value, or (feature, threshold, tree where value <= threshold, tree where it is above)."""

FOREST_CLOSEST = 0.001
"""A forest's probability is kept this far from 0 and 1 before its log odds are taken."""
SCORE_LIMIT = 8.0
"""The log odds of one part are kept within +- this, so that no part can silence the others."""


@dataclass(frozen=True, slots=True)
class PropositionModel:
    """What is fitted for one proposition."""

    rows: int
    """Examples it was fitted on."""
    positives: float
    """How many of them are true; soft labels count as their probability."""
    constant: float | None = None
    """The probability given whatever the text says, where there were too few examples."""
    bias: float = 0.0
    weights: tuple[tuple[int, float], ...] = ()
    """(feature, weight) pairs of the linear part."""
    boosted_bias: float = 0.0
    boosted: tuple[Tree, ...] = ()
    """Trees whose values add up to log odds."""
    forest: tuple[Tree, ...] = ()
    """Trees whose values average to a probability."""
    calibration: PlattMap = field(default_factory=lambda: PlattMap(1.0, 0.0))
    note: str | None = None

    @property
    def used_features(self) -> set[int]:
        """The numbers of the features that any part looks at."""
        trees = (*self.boosted, *self.forest)
        return {feature for feature, _ in self.weights}.union(*map(_features_of, trees))

    def renumbered(self, places: Mapping[int, int]) -> Self:
        """Give the same model over features with other numbers; all used ones are in ``places``."""
        return replace(
            self,
            weights=tuple((places[feature], weight) for feature, weight in self.weights),
            boosted=tuple(_renumber(tree, places) for tree in self.boosted),
            forest=tuple(_renumber(tree, places) for tree in self.forest),
        )

    def score(self, values: Sequence[float]) -> float:
        """Give the mean log odds of the parts for feature values in the model's order."""
        linear = self.bias
        for feature, weight in self.weights:
            linear += weight * values[feature]
        boosted = self.boosted_bias
        for tree in self.boosted:
            boosted += _leaf(tree, values)
        mean = 0.0
        for tree in self.forest:
            mean += _leaf(tree, values)
        mean = min(max(mean / max(len(self.forest), 1), FOREST_CLOSEST), 1 - FOREST_CLOSEST)
        parts = (linear, boosted, math.log(mean / (1 - mean)))
        return sum(min(max(part, -SCORE_LIMIT), SCORE_LIMIT) for part in parts) / len(parts)

    def probability(self, values: Sequence[float]) -> float:
        """Give the calibrated probability for feature values in the model's order."""
        if self.constant is not None:
            return self.constant
        return self.calibration(self.score(values))


def _leaf(tree: Tree, values: Sequence[float]) -> float:
    while isinstance(tree, tuple):
        tree = tree[2] if values[tree[0]] <= tree[1] else tree[3]
    return tree


def _features_of(tree: Tree) -> set[int]:
    if not isinstance(tree, tuple):
        return set()
    return {tree[0]} | _features_of(tree[2]) | _features_of(tree[3])


def _renumber(tree: Tree, places: Mapping[int, int]) -> Tree:
    if not isinstance(tree, tuple):
        return tree
    return (places[tree[0]], tree[1], _renumber(tree[2], places), _renumber(tree[3], places))


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A fitted model of any number of propositions."""

    name: str
    digest: str
    """Of the file's bytes."""
    features: tuple[str, ...]
    propositions: Mapping[str, PropositionModel]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Data sets, rows, seed and cross-validated figures, as the file tells them."""

    words: frozenset[str] = frozenset()
    """The single words among its features."""

    def vector(self, values: Mapping[str, float]) -> list[float]:
        """Put named feature values in the model's order; what is absent is 0."""
        return [values.get(name, 0.0) for name in self.features]
