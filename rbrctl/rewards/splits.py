"""
Splits and resamples of the prompts.

All completions of a prompt stay together, so that no prompt is both fitted and tested on.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices


def folds_of(prompts: Sequence[str], folds: int, seed: int) -> Indices:
    """
    Return the number of each prompt's fold; prompts are given by their digests.

    The sizes of the folds differ by at most one. The folds depend on the prompts and the seed, and
    not on the order of the prompts.
    """
    # A hash puts the prompts into an order that is random but does not depend on the others.
    keys = [hashlib.sha256(f"{seed}:{prompt}".encode()).digest() for prompt in prompts]
    order = sorted(range(len(prompts)), key=keys.__getitem__)
    numbers = np.zeros(len(prompts), dtype=np.intp)
    numbers[order] = np.arange(len(prompts)) % folds
    return numbers


def resample_counts(prompts: Sequence[str], resamples: int, seed: int) -> Floats:
    """
    Return how often each prompt is drawn in each resample: resamples by prompts.

    Prompts, which are given by their digests, are drawn with replacement. The counts depend on the
    prompts and the seed, and not on the order of the prompts.
    """
    count = len(prompts)
    counts = np.zeros((resamples, count))
    if count:
        generator = np.random.default_rng(seed)
        order = sorted(range(count), key=prompts.__getitem__)
        counts[:, order] = generator.multinomial(count, np.full(count, 1 / count), resamples)
    return counts


def interval(samples: Floats, confidence: float) -> tuple[float, float]:
    """Return the percentile interval of resampled values, leaving out NaN."""
    known = samples[np.isfinite(samples)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
