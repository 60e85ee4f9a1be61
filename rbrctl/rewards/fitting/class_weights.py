"""The weights of one response class: posed as a problem, solved, and what they lose."""

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import ClassComparisons, wins_of
from rbrctl.rewards.fitting.options import DEFAULT_L2, FitOptions
from rbrctl.rewards.solver.loss_kind import LossKind
from rbrctl.rewards.solver.losses import hinge, softplus
from rbrctl.rewards.solver.problem import GatheredDifferences, Problem
from rbrctl.rewards.solver.solution import Solution
from rbrctl.rewards.solver.solve import solve


def rewards_of(data: ClassComparisons, weights: Floats) -> Floats:
    """Give the whole reward of every completion: the reward model's score and the rules'."""
    return np.asarray(data.rm_scores + data.values @ weights)


def losses_of(data: ClassComparisons, wins: Floats, loss: str) -> Floats:
    """Give the loss of each pair."""
    return (hinge if LossKind(loss) is LossKind.HINGE else softplus)(data.margins - wins)


def mean_loss(data: ClassComparisons, weights: Floats, loss: str) -> float:
    """Give the mean loss over the pairs; NaN where there are none."""
    if not len(data.pairs):
        return float("nan")
    return float(losses_of(data, wins_of(data, rewards_of(data, weights)), loss).mean())


def solve_weights(
    data: ClassComparisons,
    options: FitOptions,
    counts: Floats | None = None,
    start: Floats | None = None,
    tolerance: float | None = None,
) -> tuple[Solution | None, Floats]:
    """
    Fit the free weights of one class, with the fixed ones as given.

    L2 pulls free weights towards the options' prior (by DEFAULT_L2 where the options leave the
    factor open). ``counts`` says how often each pair counts,
    once by default; ``start`` are weights that are near. The solution is None where every weight is
    fixed or there is no pair.
    """
    weights = np.array([_given(options, name) for name in data.features])
    free = np.flatnonzero([name not in options.fixed for name in data.features])
    better, worse = data.pairs.better, data.pairs.worse
    demands, shares = data.margins, counts
    base = rewards_of(data, weights)
    demands = demands - wins_of(data, base)
    if shares is not None:
        kept = shares > 0
        better, worse, demands, shares = better[kept], worse[kept], demands[kept], shares[kept]
    else:
        shares = np.ones(len(demands))
    if not len(free) or not len(demands):
        return None, weights
    problem = Problem(
        differences=GatheredDifferences(np.ascontiguousarray(data.values[:, free]), better, worse),
        demands=demands,
        shares=shares / shares.sum(),
        signs=np.array([float(options.signs.get(data.features[index], 0)) for index in free]),
        l2=DEFAULT_L2 if options.l2 is None else options.l2,
    )
    near = None if start is None else start[free] - weights[free]
    solution = solve(problem, options.loss, tolerance or options.tolerance, near)
    weights[free] += solution.weights
    return solution, weights


def _given(options: FitOptions, feature: str) -> float:
    """Give the weight that a feature has before anything is fitted."""
    if feature in options.fixed:
        return options.fixed[feature]
    # A prescribed sign is one of the weight, not of its distance from a prior.
    return 0.0 if feature in options.signs else options.prior.get(feature, 0.0)
