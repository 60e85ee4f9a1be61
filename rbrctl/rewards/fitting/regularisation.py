"""How strongly L2 holds the weights to their prior: as the loss of held-out prompts says."""

from dataclasses import replace

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import ClassComparisons, paired_prompts
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

    Of equally good ones the strongest: where nothing is lost by it, that is the prior. DEFAULT_L2
    where there is nothing to hold out or to fit.
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
    near: list[Floats | None] = [None] * len(parts)
    losses: list[float] = []
    for factor in CHOICES:
        trial, loss = replace(options, l2=factor), 0.0
        for place, (rest, held_out) in enumerate(parts):
            _, weights = solve_weights(rest, trial, start=near[place], tolerance=TOLERANCE)
            near[place] = weights
            loss += mean_loss(held_out, weights, options.loss) * len(held_out.pairs)
        losses.append(loss)
        if len(losses) > 2 and losses[-3] < losses[-2] < losses[-1]:
            # The loss falls and rises but once: weaker factors only take the longest to fit.
            break
    least = min(losses) * (1 + 1e-9)
    return next(factor for factor, loss in zip(CHOICES, losses, strict=False) if loss <= least)
