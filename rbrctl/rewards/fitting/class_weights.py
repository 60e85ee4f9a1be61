"""The weights of one response class: the problem, its solution, and the choice of L2."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.fitting.options import DEFAULT_L2, FitOptions
from rbrctl.rewards.losses.interface import Loss
from rbrctl.rewards.pairs.compare import ClassComparisons, paired_prompts, reward_differences
from rbrctl.rewards.solver.certificate import Solution
from rbrctl.rewards.solver.problem import GatheredDifferences, Problem
from rbrctl.rewards.solver.solve import solve
from rbrctl.rewards.splits import folds_of

L2_CHOICES = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""L2 factors to choose from, strongest first: from almost the prior itself to nearly free."""
L2_FOLDS = 5
L2_TOLERANCE = 1e-4
"""Tolerance of the duality gap: far below the differences between held-out losses."""


def rewards_of(data: ClassComparisons, weights: Floats) -> Floats:
    """Return the reward of every completion: the reward model's score plus that of the rules."""
    return np.asarray(data.rm_scores + data.values @ weights)


def losses_of(data: ClassComparisons, differences: Floats, loss: Loss) -> Floats:
    """Return the loss of each pair, given its difference in reward."""
    return loss.values(data.margins - differences)


def mean_loss(data: ClassComparisons, weights: Floats, loss: Loss) -> float:
    """Return the mean loss over the pairs, or NaN without any."""
    if not len(data.pairs):
        return float("nan")
    differences = reward_differences(data, rewards_of(data, weights))
    return float(losses_of(data, differences, loss).mean())


def solve_weights(
    data: ClassComparisons,
    options: FitOptions,
    counts: Floats | None = None,
    start: Floats | None = None,
    tolerance: float | None = None,
) -> tuple[Solution | None, Floats]:
    """
    Fit the free weights of one class; L2 shrinks them towards the prior.

    Args:
        data: The pairs of the class.
        options: If they leave the L2 factor open, it is DEFAULT_L2.
        counts: How often each pair counts; once by default.
        start: Weights that are expected to be near the optimum.
        tolerance: The duality gap to reach, by default that of the options.

    Returns the solution, which is None if every weight is fixed or there is no pair, and the
    weights of all features.

    """
    weights = np.array([_initial_weight(options, name) for name in data.features])
    free = np.flatnonzero([name not in options.fixed for name in data.features])
    better, worse = data.pairs.better, data.pairs.worse
    # The solver fits the distance from the prior: what the prior and the fixed weights already give
    # to a pair is subtracted from its target.
    targets = data.margins - reward_differences(data, rewards_of(data, weights))
    if counts is not None:
        kept = counts > 0
        better, worse, targets = better[kept], worse[kept], targets[kept]
        sample_weights = counts[kept]
    else:
        sample_weights = np.ones(len(targets))
    if not len(free) or not len(targets):
        return None, weights
    problem = Problem(
        differences=GatheredDifferences(np.ascontiguousarray(data.values[:, free]), better, worse),
        targets=targets,
        sample_weights=sample_weights / sample_weights.sum(),
        signs=np.array([float(options.signs.get(data.features[index], 0)) for index in free]),
        l2=DEFAULT_L2 if options.l2 is None else options.l2,
    )
    near = None if start is None else start[free] - weights[free]
    solution = solve(problem, options.loss, tolerance or options.tolerance, near)
    weights[free] += solution.weights
    return solution, weights


def _initial_weight(options: FitOptions, feature: str) -> float:
    """Return the weight of a feature before the fit: the fixed one or that of the prior."""
    if feature in options.fixed:
        return options.fixed[feature]
    # A prescribed sign is that of the weight itself, not of its distance from a prior.
    return 0.0 if feature in options.signs else options.prior.get(feature, 0.0)


def with_l2(data: ClassComparisons, options: FitOptions) -> FitOptions:
    """Return the options with an L2 factor, chosen by cross-validation if they have none."""
    if options.l2 is not None:
        return options
    return replace(options, l2=choose_l2(data, options))


def choose_l2(data: ClassComparisons, options: FitOptions) -> float:
    """
    Return the L2 factor that held-out prompts speak for.

    It is the strongest factor whose mean loss is within one standard error of the smallest, the
    error being that of their difference over the folds: the weights leave the prior only as far as
    the data requires. It is DEFAULT_L2 if there is nothing to hold out or to fit. Source: the
    one-standard-error rule of Breiman, Friedman, Olshen and Stone, *Classification and Regression
    Trees* (1984), on paired differences.
    """
    folds = min(L2_FOLDS, len(paired_prompts(data)))
    if folds < 2 or all(name in options.fixed for name in data.features):
        return DEFAULT_L2
    numbers = folds_of(data.prompt_digests, folds, options.seed)
    parts = [(data.of_prompts(numbers != f), data.of_prompts(numbers == f)) for f in range(folds)]
    parts = [
        (rest, held_out) for rest, held_out in parts if len(rest.pairs) and len(held_out.pairs)
    ]
    if not parts:
        return DEFAULT_L2
    losses = _held_out_losses(parts, options)
    totals = losses.sum(axis=1)
    # The folds differ in difficulty, which both factors share: subtract fold by fold before taking
    # the standard error.
    excess = losses - losses[totals.argmin()]
    spread = excess - excess.mean(axis=1, keepdims=True)
    errors = np.sqrt((spread**2).sum(axis=1) * len(parts) / max(len(parts) - 1, 1))
    within = excess.sum(axis=1) <= errors + 1e-9 * totals.min()
    return L2_CHOICES[int(within.argmax())]


def _held_out_losses(
    parts: Sequence[tuple[ClassComparisons, ClassComparisons]], options: FitOptions
) -> Floats:
    """Return the summed loss of each part that is held out, under each factor: factors by parts."""
    near: list[Floats | None] = [None] * len(parts)
    losses: list[list[float]] = []
    for factor in L2_CHOICES:
        trial = replace(options, l2=factor)
        losses.append([])
        for place, (rest, held_out) in enumerate(parts):
            _, weights = solve_weights(rest, trial, start=near[place], tolerance=L2_TOLERANCE)
            near[place] = weights
            losses[-1].append(mean_loss(held_out, weights, options.loss) * len(held_out.pairs))
        totals = [sum(each) for each in losses[-3:]]
        if len(losses) > 2 and totals[0] < totals[1] < totals[2]:
            # The loss as a function of the factor has one minimum, which is passed. The weaker
            # factors would take the longest to fit.
            break
    return np.array(losses)
