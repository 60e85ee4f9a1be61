"""Hand-set weights, judged as a fit is: what they lose and how often they err."""

from collections.abc import Mapping
from dataclasses import replace

from rbrctl.rewards.comparisons.compare import ClassComparisons
from rbrctl.rewards.fitting.fit import ClassFit, Progress, fit_class
from rbrctl.rewards.fitting.fitted_weights import HAND_SET, FittedWeight
from rbrctl.rewards.fitting.options import FitOptions

_NAN = float("nan")


def judge_hand_set(
    data: ClassComparisons,
    weights: Mapping[str, float],
    options: FitOptions,
    progress: Progress | None = None,
) -> ClassFit:
    """
    Judge weights of one response class as they are.

    Features that they do not name weigh nothing, and are no part of what comes back.
    """
    fixed = {name: weights.get(name, 0.0) for name in data.features}
    as_they_are = replace(options, fixed=fixed, signs={}, prior={}, l2=0.0)
    judged = fit_class(data, as_they_are, progress)
    named = [each for each in judged.weights if each.feature in weights]
    return replace(judged, weights=tuple(map(_hand_set, named)))


def _hand_set(weight: FittedWeight) -> FittedWeight:
    """Say what no resample had a say in."""
    return replace(weight, low=_NAN, high=_NAN, note=HAND_SET)
