"""Fit or judge the weights of each response class, with what shows how far they can be trusted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from rbrctl.errors import UsageError
from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.evaluation.error_rates import ErrorRate, error_rate, pair_differences
from rbrctl.rewards.fitting.class_weights import mean_loss, rewards_of, solve_weights, with_l2
from rbrctl.rewards.fitting.fitted_weights import FittedWeight, WeightNote, bootstrap, describe
from rbrctl.rewards.fitting.held_out import HeldOut, held_out_parts, judge_held_out
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.losses import DEFAULT_LOSS
from rbrctl.rewards.pairs.compare import (
    ClassComparisons,
    Comparisons,
    paired_prompts,
    reward_differences,
)
from rbrctl.rewards.splits import resample_counts
from rbrctl.wording import hint_for

SHOWN_FEATURES = 5
"""Number of features that the message about a missing optimum names."""
NOTICEABLE = 1e-3
"""Smaller parts of a direction, relative to its largest, are errors of the projection."""

Progress = Callable[[], None]
"""Called after every step; ``steps`` returns their number."""


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
    """The L2 factor, given or chosen."""
    duality_gap: float
    """The objective is at most this much above the optimum; 0 if nothing was fitted."""
    radius: float
    """The optimum is certified over weights up to this size; see ``Solution.radius``."""
    iterations: int
    training_loss: float
    baseline_loss: float
    """The mean loss with all weights zero: the reward model alone."""
    training_error: ErrorRate
    held_out: HeldOut
    without_optimum: int = 0
    """Number of resamples without an optimum, which are left out of the weights' intervals."""

    @property
    def is_fitted(self) -> bool:
        """True if any weight was fitted."""
        given = (WeightNote.FIXED, WeightNote.HAND_SET)
        return any(each.note not in given for each in self.weights)

    @property
    def vector(self) -> dict[str, float]:
        """The weights by feature."""
        return {each.feature: each.weight for each in self.weights}


def fit(
    comparisons: Comparisons, options: FitOptions, progress: Progress | None = None
) -> dict[str, ClassFit]:
    """
    Fit the weights of every response class that has pairs.

    Args:
        comparisons: The pairs; see ``rbrctl.rewards.compare``.
        options: The same for all classes, which do not influence each other.
        progress: Called after every step.

    Returns the fits by response class. Raises UsageError for options about a feature that no class
    has, and for a fit that has no optimum, which can happen with the logistic loss and without L2.

    """
    known = {name for each in comparisons.classes.values() for name in each.features}
    for kind, names in (("fixed weight", options.fixed), ("sign", options.signs)):
        for name in names:
            if name not in known:
                hint = hint_for(name, sorted(known))
                raise UsageError(
                    f"a {kind} is given for '{name}', which is not a feature here; {hint}"
                )
    return {name: fit_class(each, options, progress) for name, each in comparisons.classes.items()}


def steps(data: ClassComparisons, options: FitOptions) -> int:
    """Return the number of steps of a class's fit, after each of which progress is called."""
    return 1 + options.bootstrap + len(held_out_parts(data, options))


def fit_class(
    data: ClassComparisons, options: FitOptions, progress: Progress | None = None
) -> ClassFit:
    """Fit the weights of one response class. Raise UsageError if the fit has no optimum."""
    advance = progress or (lambda: None)
    # Held-out figures choose the L2 factor anew without the prompts that are held out.
    given, options = options, with_l2(data, options)
    solution, weights = solve_weights(data, options)
    if solution is not None and solution.recession is not None:
        raise UsageError(_no_optimum(data, options, solution.recession))
    advance()
    counts = resample_counts(data.prompt_digests, options.bootstrap, options.seed)
    resampled = bootstrap(data, options, weights, counts, advance)
    loss = mean_loss(data, weights, options.loss)
    differences = reward_differences(data, rewards_of(data, weights))
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
        training_error=error_rate(pair_differences(data, differences), counts, options.confidence),
        held_out=judge_held_out(data, given, counts, advance),
        without_optimum=resampled.without_optimum,
    )


def judge_hand_set(
    data: ClassComparisons,
    weights: Mapping[str, float],
    options: FitOptions,
    progress: Progress | None = None,
) -> ClassFit:
    """
    Judge hand-set weights of one response class as a fit is judged: their loss and error rates.

    Features without such a weight have the weight 0, and are left out of the result.
    """
    fixed = {name: weights.get(name, 0.0) for name in data.features}
    all_fixed = replace(options, fixed=fixed, signs={}, prior={}, l2=0.0)
    judged = fit_class(data, all_fixed, progress)
    named = [each for each in judged.weights if each.feature in weights]
    return replace(judged, weights=tuple(map(_as_hand_set, named)))


def _as_hand_set(weight: FittedWeight) -> FittedWeight:
    """Return the weight without an interval: no resample has any influence on it."""
    return replace(weight, low=float("nan"), high=float("nan"), note=WeightNote.HAND_SET)


def _no_optimum(data: ClassComparisons, options: FitOptions, direction: Floats) -> str:
    free = [name for name in data.features if name not in options.fixed]
    largest = np.abs(direction).max()
    grows = [
        f"{name} {'up' if part > 0 else 'down'}"
        for name, part in zip(free, direction, strict=True)
        if abs(part) > NOTICEABLE * largest
    ]
    more = f" and {len(grows) - SHOWN_FEATURES} more" if len(grows) > SHOWN_FEATURES else ""
    return (
        f"the {options.loss.name} loss of {data.response_class} has no optimum: it decreases for "
        f"ever as these weights grow in size: {', '.join(grows[:SHOWN_FEATURES])}{more}. Give an "
        f"L2 factor (--l2 0.001), or use --loss {DEFAULT_LOSS}"
    )
