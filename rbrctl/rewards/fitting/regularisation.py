"""How strongly L2 holds the weights to their prior: as the loss of held-out prompts says."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import ClassComparisons, paired_prompts
from rbrctl.rewards.fitting.class_weights import mean_loss, solve_weights
from rbrctl.rewards.fitting.options import DEFAULT_L2, FitOptions
from rbrctl.rewards.splits import folds_of

CHOICES = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Of the L2 factor, strongest first, from the prior itself to nearly free."""
FOLDS = 5
TOLERANCE = 1e-4
"""Of the duality gap: far below what held-out losses differ by."""


def with_l2(data: ClassComparisons, options: FitOptions) -> FitOptions:
    """Give the same options with an L2 factor, chosen by cross-validation where they have none."""
    if options.l2 is not None:
        return options
    return replace(options, l2=choose_l2(data, options))


def choose_l2(data: ClassComparisons, options: FitOptions) -> float:
    """
    Choose the factor by the mean loss of prompts that are held out in turn.

    It is the strongest whose loss is within one standard error of the least, the error being that
    of their difference over the folds: weights leave the prior only as far as held-out prompts
    speak for it. DEFAULT_L2 where there is nothing to hold out or to fit. Source: the
    one-standard-error rule of Breiman, Friedman, Olshen and Stone, *Classification and Regression
    Trees* (1984), on paired differences.
    """
    folds = min(FOLDS, len(paired_prompts(data)))
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
    excess = losses - losses[totals.argmin()]
    spread = excess - excess.mean(axis=1, keepdims=True)
    errors = np.sqrt((spread**2).sum(axis=1) * len(parts) / max(len(parts) - 1, 1))
    within = excess.sum(axis=1) <= errors + 1e-9 * totals.min()
    return CHOICES[int(within.argmax())]


def _held_out_losses(
    parts: Sequence[tuple[ClassComparisons, ClassComparisons]], options: FitOptions
) -> Floats:
    """Sum the losses of each part held out, under each factor: factors by parts."""
    near: list[Floats | None] = [None] * len(parts)
    losses: list[list[float]] = []
    for factor in CHOICES:
        trial = replace(options, l2=factor)
        losses.append([])
        for place, (rest, held_out) in enumerate(parts):
            _, weights = solve_weights(rest, trial, start=near[place], tolerance=TOLERANCE)
            near[place] = weights
            losses[-1].append(mean_loss(held_out, weights, options.loss) * len(held_out.pairs))
        totals = [sum(each) for each in losses[-3:]]
        if len(losses) > 2 and totals[0] < totals[1] < totals[2]:
            # The loss falls and rises but once: weaker factors only take the longest to fit.
            break
    return np.array(losses)
