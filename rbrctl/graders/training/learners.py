"""The three scorers of a proposition: fitted with scikit-learn, returned as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rbrctl.errors import MissingExtraError
from rbrctl.graders.embedded.model import PropositionModel, Tree
from rbrctl.graders.training.dataset import MISSING_EXTRA

if TYPE_CHECKING:
    from rbrctl.graders.training.dataset import Array


@dataclass(frozen=True, slots=True)
class LearnerSettings:
    """How the scorers are fitted; the defaults are what the shipped model was fitted with."""

    seed: int = 0
    least_seen: int = 4
    """A feature must be non-zero in at least this many rows to be used."""
    words: int = 40
    """The number of single words, the most informative first, that are features as well."""
    linear_strength: float = 0.03
    """The inverse of the ridge penalty, on features scaled to unit spread."""
    least_spread: float = 0.25
    """A lower bound on the standard deviation of a feature; it keeps weights of rare ones small."""
    boosted_trees: int = 60
    boosted_depth: int = 2
    boosted_rate: float = 0.1
    forest_trees: int = 40
    forest_leaves: int = 16
    digits: int = 4
    """Significant digits of the numbers in the model file."""


def fit_scorers(
    matrix: Array, values: Array, weights: Array, first_word: int, settings: LearnerSettings
) -> PropositionModel:
    """
    Return a model with the three scorers fitted to k rows, not calibrated yet.

    ``matrix`` has shape (k, m); ``values`` is P(true) in [0, 1] and ``weights`` the weight of each
    row, both of shape (k,). Columns from ``first_word`` on are single words, of which the most
    informative are chosen here. A soft label is split: the row counts as true with its probability
    and as false with the rest. Both outcomes must occur. Raises MissingExtraError if scikit-learn
    is not installed.
    """
    try:
        import numpy as np
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtraError(MISSING_EXTRA) from error
    seen = np.flatnonzero((matrix != 0).sum(axis=0) >= settings.least_seen)
    words = _telling(matrix, values, weights, seen[seen >= first_word])[: settings.words]
    seen = np.concatenate([seen[seen < first_word], np.sort(words)])
    rows, outcomes, row_weights = _split_soft_labels(values, weights)
    data = matrix[np.ix_(rows, seen)].astype(np.float64)
    model = PropositionModel(rows=len(values), positives=float(values.sum()))
    columns = [int(column) for column in seen]
    # One thread: more would only slow down problems this small, and could change the sums.
    with threadpool_limits(limits=1):
        model = _fit_linear(model, data, outcomes, row_weights, columns, settings)
        model = _fit_boosted(model, data, outcomes, row_weights, columns, settings)
        return _fit_forest(model, data, outcomes, row_weights, columns, settings)


def _telling(matrix: Array, values: Array, weights: Array, columns: Array) -> Array:
    """
    Return columns sorted by how informative they are about the outcome, most informative first.

    The measure is |covariance with the outcome| / (standard deviation + 0.05). The constant keeps a
    rare word from ranking high because of a few lucky rows.
    """
    import numpy as np

    data = matrix[:, columns].astype(np.float64)
    centred = data - np.average(data, axis=0, weights=weights)
    errors = values - np.average(values, weights=weights)
    covariance = (weights * errors) @ centred / weights.sum()
    order = np.argsort(-np.abs(covariance) / (data.std(axis=0) + 0.05), kind="stable")
    return columns[order]


def _split_soft_labels(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Return row indices, outcomes (0 or 1) and weights; rows of weight 0 are left out."""
    import numpy as np

    rows = np.concatenate([np.arange(len(values)), np.arange(len(values))])
    outcomes = np.concatenate([np.ones(len(values)), np.zeros(len(values))])
    row_weights = np.concatenate([weights * values, weights * (1 - values)])
    kept = row_weights > 0
    return rows[kept], outcomes[kept], row_weights[kept]


def _fit_linear(
    model: PropositionModel,
    data: Array,
    outcomes: Array,
    weights: Array,
    columns: list[int],
    settings: LearnerSettings,
) -> PropositionModel:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    spread = np.maximum(data.std(axis=0), settings.least_spread)
    learner = LogisticRegression(C=settings.linear_strength, max_iter=5000)
    learner.fit(data / spread, outcomes, sample_weight=weights)
    pairs = zip(columns, learner.coef_[0] / spread, strict=True)
    kept = tuple((column, _short(weight, settings)) for column, weight in pairs)
    return replace(
        model,
        bias=_short(learner.intercept_[0], settings),
        weights=tuple(pair for pair in kept if abs(pair[1]) > 1e-4),
    )


def _fit_boosted(
    model: PropositionModel,
    data: Array,
    outcomes: Array,
    weights: Array,
    columns: list[int],
    settings: LearnerSettings,
) -> PropositionModel:
    import numpy as np
    from sklearn.ensemble import GradientBoostingClassifier

    learner = GradientBoostingClassifier(
        n_estimators=settings.boosted_trees,
        max_depth=settings.boosted_depth,
        learning_rate=settings.boosted_rate,
        subsample=0.7,
        max_features=0.2,
        min_samples_leaf=4,
        random_state=settings.seed,
    )
    learner.fit(data, outcomes, sample_weight=weights)
    share = float(np.average(outcomes, weights=weights))
    trees = tuple(
        _read_tree(
            estimator.tree_,
            [settings.boosted_rate * value[0][0] for value in estimator.tree_.value],
            columns,
            settings,
        )
        for estimator in learner.estimators_[:, 0]
    )
    bias = _short(float(np.log(share / (1 - share))), settings)
    return replace(model, boosted_bias=bias, boosted=trees)


def _fit_forest(
    model: PropositionModel,
    data: Array,
    outcomes: Array,
    weights: Array,
    columns: list[int],
    settings: LearnerSettings,
) -> PropositionModel:
    from sklearn.ensemble import ExtraTreesClassifier

    learner = ExtraTreesClassifier(
        n_estimators=settings.forest_trees,
        max_leaf_nodes=settings.forest_leaves,
        max_features=0.3,
        random_state=settings.seed,
    )
    learner.fit(data, outcomes, sample_weight=weights)
    trees = tuple(
        _read_tree(
            estimator.tree_,
            [value[0][1] / value[0].sum() for value in estimator.tree_.value],
            columns,
            settings,
        )
        for estimator in learner.estimators_
    )
    return replace(model, forest=trees)


def _read_tree(
    fitted: Any, leaves: list[float], columns: list[int], settings: LearnerSettings, node: int = 0
) -> Tree:
    """Return a fitted tree as nested tuples; ``leaves`` has a value for each node."""
    below, above = int(fitted.children_left[node]), int(fitted.children_right[node])
    if below < 0:
        return _short(leaves[node], settings)
    return (
        columns[int(fitted.feature[node])],
        _short(fitted.threshold[node], settings),
        _read_tree(fitted, leaves, columns, settings, below),
        _read_tree(fitted, leaves, columns, settings, above),
    )


def _short(number: float, settings: LearnerSettings) -> float:
    return float(f"{float(number):.{settings.digits}g}")
