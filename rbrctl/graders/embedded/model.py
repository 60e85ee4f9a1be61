"""
The model: for each proposition three small scorers over the features, and a calibration.

The score of a proposition is the mean of the log odds of its three parts: a linear function (ridge
logistic regression), boosted trees, and a forest of trees. Its probability is
``sigmoid(slope * score + intercept)``. A proposition with too few examples has a constant instead.
Inference is plain Python and needs no package.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from rbrctl.statistics.maps import PlattMap

Tree = float | tuple[int, float, "Tree", "Tree"]
"""A value, or (feature, threshold, tree where value <= threshold, tree where it is above)."""

FOREST_CLOSEST = 0.001
"""A forest's probability is clipped this far from 0 and 1 before its log odds are taken."""
SCORE_LIMIT = 8.0
"""The log odds of each part are clipped to +- this, so that no part can outweigh the others."""


@dataclass(frozen=True, slots=True)
class PropositionModel:
    """The fitted model of one proposition."""

    rows: int
    """The number of examples it was fitted on."""
    positives: float
    """The number of true examples; a soft label counts as its probability."""
    constant: float | None = None
    """The probability for every text, if there were too few examples; else None."""
    bias: float = 0.0
    weights: tuple[tuple[int, float], ...] = ()
    """(feature, weight) pairs of the linear part."""
    boosted_bias: float = 0.0
    boosted: tuple[Tree, ...] = ()
    """Trees whose values add up, with ``boosted_bias``, to log odds."""
    forest: tuple[Tree, ...] = ()
    """Trees whose mean value is a probability."""
    calibration: PlattMap = field(default_factory=lambda: PlattMap(1.0, 0.0))
    note: str | None = None

    @property
    def used_features(self) -> set[int]:
        """The numbers of the features that any part depends on."""
        trees = (*self.boosted, *self.forest)
        return {feature for feature, _ in self.weights}.union(*map(_features_of, trees))

    def renumbered(self, places: Mapping[int, int]) -> Self:
        """Return the same model over renumbered features; ``places`` has every used one."""
        return replace(
            self,
            weights=tuple((places[feature], weight) for feature, weight in self.weights),
            boosted=tuple(_renumber(tree, places) for tree in self.boosted),
            forest=tuple(_renumber(tree, places) for tree in self.forest),
        )

    def score(self, values: Sequence[float]) -> float:
        """Return the mean log odds of the parts, for feature values in the model's order."""
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
        """Return the calibrated probability, for feature values in the model's order."""
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
    """A fitted model of several propositions."""

    name: str
    digest: str
    """The digest of the bytes of the model file."""
    features: tuple[str, ...]
    propositions: Mapping[str, PropositionModel]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Data sets, rows, seed and cross-validated figures, as the file states them."""

    words: frozenset[str] = frozenset()
    """The single words among its features."""

    def vector(self, values: Mapping[str, float]) -> list[float]:
        """Return named feature values in the model's order; an absent one is 0."""
        return [values.get(name, 0.0) for name in self.features]
