"""Fit the weights of one response class, and say how much each figure can be trusted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rbrctl.errors import UsageError
from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import (
    ClassComparisons,
    Comparisons,
    paired_prompts,
    wins_of,
)
from rbrctl.rewards.evaluation.error_rates import ErrorRate, error_rate, margins_of
from rbrctl.rewards.fitting.class_weights import mean_loss, rewards_of, solve_weights
from rbrctl.rewards.fitting.fitted_weights import FIXED, HAND_SET, FittedWeight, bootstrap, describe
from rbrctl.rewards.fitting.held_out import HeldOut, held_out_parts, judge_held_out
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.fitting.regularisation import with_l2
from rbrctl.rewards.splits import resample_counts
from rbrctl.wording import hint_for

SHOWN = 5
"""Of the features that have no optimum, how many are named."""
NOTICEABLE = 1e-3
"""Of the largest weight of a direction: less is left of projecting it."""

Progress = Callable[[], None]
"""Is told of every step that is done; see ``steps``."""


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
    radius: float
    """Of which weights the optimum is meant; see ``Solution.radius``."""
    iterations: int
    training_loss: float
    baseline_loss: float
    """The loss with all weights zero: the reward model alone."""
    training_error: ErrorRate
    held_out: HeldOut
    without_optimum: int = 0
    """Resamples that have no optimum, and are left out of the intervals of the weights."""

    @property
    def is_fitted(self) -> bool:
        """True where any weight was fitted."""
        return any(each.note not in (FIXED, HAND_SET) for each in self.weights)

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


def steps(data: ClassComparisons, options: FitOptions) -> int:
    """Tell how many steps the fit of a class is, of which ``Progress`` is told."""
    return 1 + options.bootstrap + len(held_out_parts(data, options))


def fit_class(
    data: ClassComparisons, options: FitOptions, progress: Progress | None = None
) -> ClassFit:
    """Fit one response class. Raises UsageError for a logistic fit that has no optimum."""
    advance = progress or (lambda: None)
    asked, options = options, with_l2(data, options)
    solution, weights = solve_weights(data, options)
    if solution is not None and solution.recession is not None:
        raise UsageError(_no_optimum(data, options, solution.recession))
    advance()
    counts = resample_counts(data.prompt_digests, options.bootstrap, options.seed)
    resampled = bootstrap(data, options, weights, counts, advance)
    loss = mean_loss(data, weights, options.loss)
    return ClassFit(
        response_class=data.response_class,
        weights=describe(data, options, weights, resampled.weights),
        prompts=len(paired_prompts(data)),
        completions=len(data.values),
        pairs=len(data.pairs),
        objective=solution.objective if solution else loss,
        duality_gap=solution.duality_gap if solution else 0.0,
        radius=solution.radius if solution else float("inf"),
        iterations=solution.iterations if solution else 0,
        training_loss=loss,
        baseline_loss=mean_loss(data, np.zeros(len(data.features)), options.loss),
        l2=options.l2 or 0.0,
        training_error=error_rate(
            margins_of(data, wins_of(data, rewards_of(data, weights))), counts, options.confidence
        ),
        held_out=judge_held_out(data, asked, counts, advance),
        without_optimum=resampled.without_optimum,
    )


def _no_optimum(data: ClassComparisons, options: FitOptions, direction: Floats) -> str:
    free = [name for name in data.features if name not in options.fixed]
    largest = np.abs(direction).max()
    grows = [
        f"{name} {'up' if part > 0 else 'down'}"
        for name, part in zip(free, direction, strict=True)
        if abs(part) > NOTICEABLE * largest
    ]
    more = f" and {len(grows) - SHOWN} more" if len(grows) > SHOWN else ""
    return (
        f"the logistic loss of {data.response_class} has no optimum: some pairs are ordered the "
        f"better the further these weights go, and none the worse: {', '.join(grows[:SHOWN])}"
        f"{more}; give an L2 factor (--l2 0.001), or use --loss hinge"
    )
