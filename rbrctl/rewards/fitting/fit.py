"""Fit the weights of one response class, and say how much each figure can be trusted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rbrctl.errors import UsageError
from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import ClassComparisons, Comparisons, wins_of
from rbrctl.rewards.evaluation.error_rates import ErrorRate, error_rate, margins_of, pair_counts
from rbrctl.rewards.fitting.class_weights import mean_loss, rewards_of, solve_weights
from rbrctl.rewards.fitting.held_out import HeldOut, judge_held_out
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.fitting.regularisation import with_l2
from rbrctl.rewards.solver.solve import Solution
from rbrctl.rewards.splits import interval, resample_counts
from rbrctl.suggestions import hint_for

BOOTSTRAP_TOLERANCE = 1e-4
CONSTANT = 1e-9
ROUNDING = 1e-9

Progress = Callable[[str, int, int], None]
"""Is told the response class, the resamples done and their number."""


@dataclass(frozen=True, slots=True)
class FittedWeight:
    """One feature's weight, its bootstrap interval, and what the feature contributes."""

    feature: str
    weight: float
    low: float
    high: float
    spread: float
    """Standard deviation of the feature over the completions."""
    note: str = ""
    """``fixed``, ``constant``, ``does nothing``, or empty."""


@dataclass(frozen=True, slots=True)
class ClassFit:
    """The fit of one response class."""

    response_class: str
    weights: tuple[FittedWeight, ...]
    prompts: int
    completions: int
    pairs: int
    objective: float
    """Mean loss plus the L2 term, at the weights."""
    l2: float
    """The factor of the L2 term, given or chosen."""
    duality_gap: float
    """How far above the optimum the objective can be; 0 where nothing was fitted."""
    iterations: int
    training_loss: float
    baseline_loss: float
    """The loss with all weights zero: the reward model alone."""
    training_error: ErrorRate
    held_out: HeldOut

    @property
    def vector(self) -> dict[str, float]:
        """The weights by feature."""
        return {each.feature: each.weight for each in self.weights}


def fit(
    comparisons: Comparisons, options: FitOptions, progress: Progress | None = None
) -> dict[str, ClassFit]:
    """
    Fit every response class that has pairs; classes do not influence each other.

    Raises UsageError for options about a feature that no class has, and for a logistic fit that
    has no optimum.
    """
    known = {name for each in comparisons.classes.values() for name in each.features}
    for kind, names in (("fixed weight", options.fixed), ("sign", options.signs)):
        for name in names:
            if name not in known:
                hint = hint_for(name, sorted(known))
                raise UsageError(
                    f"a {kind} is given for '{name}', which is no feature here; {hint}"
                )
    return {name: fit_class(each, options, progress) for name, each in comparisons.classes.items()}


def fit_class(
    data: ClassComparisons, options: FitOptions, progress: Progress | None = None
) -> ClassFit:
    """Fit one response class. Raises UsageError for a logistic fit that has no optimum."""
    asked, options = options, with_l2(data, options)
    solution, weights = solve_weights(data, options)
    _check_optimum(data, options, solution, weights)
    counts = resample_counts(len(data.prompt_digests), options.bootstrap, options.seed)
    samples = _bootstrap(data, options, weights, counts, progress)
    loss = mean_loss(data, weights, options.loss)
    return ClassFit(
        response_class=data.response_class,
        weights=_describe(data, options, weights, samples),
        prompts=len(np.unique(data.prompts[data.pairs.better])),
        completions=len(data.values),
        pairs=len(data.pairs),
        objective=solution.objective if solution else loss,
        duality_gap=solution.duality_gap if solution else 0.0,
        iterations=solution.iterations if solution else 0,
        training_loss=loss,
        baseline_loss=mean_loss(data, np.zeros(len(data.features)), options.loss),
        l2=options.l2 or 0.0,
        training_error=error_rate(
            margins_of(data, wins_of(data, rewards_of(data, weights))), counts, options.confidence
        ),
        held_out=judge_held_out(data, asked, counts),
    )


def _check_optimum(
    data: ClassComparisons, options: FitOptions, solution: Solution | None, weights: Floats
) -> None:
    if solution is None or options.loss == "hinge" or options.l2:
        return
    change = data.values @ (weights - np.array([options.fixed.get(f, 0.0) for f in data.features]))
    gains = change[data.pairs.better] - change[data.pairs.worse]
    # Weights that put no pair the wrong way round lose less the larger they are.
    if gains.max() > 0 and gains.min() >= -ROUNDING * gains.max():
        raise UsageError(
            f"the comparisons of {data.response_class} can be ordered without an error, so the "
            "logistic loss has no optimum: give an L2 factor (--l2 0.001), or use --loss hinge"
        )


def _bootstrap(
    data: ClassComparisons,
    options: FitOptions,
    weights: Floats,
    counts: Floats,
    progress: Progress | None,
) -> Floats:
    """Fit every resample of the prompts anew: resamples by features."""
    samples = np.empty((len(counts), len(weights)))
    first, second = data.prompts[data.pairs.better], data.prompts[data.pairs.worse]
    for row, drawn in enumerate(counts):
        pairs = pair_counts(drawn, first, second)
        _, samples[row] = solve_weights(data, options, pairs, weights, BOOTSTRAP_TOLERANCE)
        if progress is not None:
            progress(data.response_class, row + 1, len(counts))
    return samples


def _describe(
    data: ClassComparisons, options: FitOptions, weights: Floats, samples: Floats
) -> tuple[FittedWeight, ...]:
    loss = mean_loss(data, weights, options.loss)
    described: list[FittedWeight] = []
    for index, feature in enumerate(data.features):
        column = data.values[:, index]
        low, high = interval(samples[:, index], options.confidence)
        without = weights.copy()
        without[index] = 0.0
        note = ""
        if feature in options.fixed:
            note = "fixed"
        elif np.ptp(column[np.r_[data.pairs.better, data.pairs.worse]]) < CONSTANT:
            note = "constant"
        elif mean_loss(data, without, options.loss) - loss <= 1e-6 and abs(low) + abs(high) < 1e-3:
            note = "does nothing"
        described.append(
            FittedWeight(feature, float(weights[index]), low, high, float(column.std()), note)
        )
    return tuple(described)
