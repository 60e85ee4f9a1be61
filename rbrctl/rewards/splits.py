"""Splits and resamples by prompt, so that no prompt stands on both sides."""

import hashlib
from collections.abc import Sequence

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices


def folds_of(prompts: Sequence[str], folds: int, seed: int) -> Indices:
    """
    Give each prompt (by its digest) the number of its fold.

    Folds differ in size by one at most, and depend on the prompts and the seed, not on their order.
    """
    keys = [hashlib.sha256(f"{seed}:{prompt}".encode()).digest() for prompt in prompts]
    order = sorted(range(len(prompts)), key=keys.__getitem__)
    numbers = np.zeros(len(prompts), dtype=np.intp)
    numbers[order] = np.arange(len(prompts)) % folds
    return numbers


def resample_counts(prompts: Sequence[str], resamples: int, seed: int) -> Floats:
    """
    Draw prompts (by their digests) with replacement: how often each is drawn.

    Gives resamples by prompts. They depend on the prompts and the seed, not on their order.
    """
    count = len(prompts)
    counts = np.zeros((resamples, count))
    if count:
        generator = np.random.default_rng(seed)
        order = sorted(range(count), key=prompts.__getitem__)
        counts[:, order] = generator.multinomial(count, np.full(count, 1 / count), resamples)
    return counts


def interval(samples: Floats, confidence: float) -> tuple[float, float]:
    """Give the percentile interval of some resampled values, NaN left out."""
    known = samples[np.isfinite(samples)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
