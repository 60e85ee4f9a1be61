"""How strongly L2 holds the weights to their prior: as the loss of held-out prompts says."""

from dataclasses import replace

import numpy as np

from rbrctl.rewards.comparisons.compare import ClassComparisons
from rbrctl.rewards.fitting.class_weights import mean_loss, solve_weights
from rbrctl.rewards.fitting.options import DEFAULT_L2, FitOptions
from rbrctl.rewards.splits import folds_of

CHOICES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Of the L2 factor, strongest first: three to a decade, from the prior itself to nearly free."""
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

    Of equally good ones the strongest; DEFAULT_L2 where there is nothing to hold out or to fit.
    """
    prompts = len(np.unique(data.prompts[data.pairs.better]))
    if prompts < 2 or all(name in options.fixed for name in data.features):
        return DEFAULT_L2
    folds = min(FOLDS, prompts)
    numbers = folds_of(data.prompt_digests, folds, options.seed)
    losses = np.zeros(len(CHOICES))
    for fold in range(folds):
        rest, held_out = data.of_prompts(numbers != fold), data.of_prompts(numbers == fold)
        if not len(rest.pairs) or not len(held_out.pairs):
            continue
        near = None
        for place, factor in enumerate(CHOICES):
            trial = replace(options, l2=factor)
            _, near = solve_weights(rest, trial, start=near, tolerance=TOLERANCE)
            losses[place] += mean_loss(held_out, near, options.loss) * len(held_out.pairs)
    if not losses.any():
        return DEFAULT_L2
    return CHOICES[int(np.flatnonzero(losses <= losses.min() * (1 + 1e-9))[0])]
