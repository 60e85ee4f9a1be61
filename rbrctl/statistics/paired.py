"""Tests of two sides that were measured on the same rows, and the correction for many of them."""

import math
from collections.abc import Sequence


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """
    Give the two-sided p-value that two sides are equally often right.

    ``only_first`` counts the rows on which the first side alone is right, ``only_second`` the
    second alone; the others say nothing. It is the exact binomial test of one half. Raises
    ValueError for a negative count. Source: Q. McNemar, Psychometrika 12 (1947); exact form as in
    A. Agresti, *Categorical Data Analysis*.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError("counts cannot be negative")
    return min(1.0, 2 * _lower_tail(min(only_first, only_second), only_first + only_second))


def _lower_tail(successes: int, n: int) -> float:
    """Return P(X <= successes) for n throws of a fair coin; successes is at most n / 2."""
    logarithm = (
        math.lgamma(n + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(n - successes + 1)
        - n * math.log(2)
    )
    # Each term is the one above it times k / (n - k + 1), which is at most one here.
    total = term = 1.0
    for k in range(successes, 0, -1):
        term *= k / (n - k + 1)
        total += term
        if term < total * 1e-18:
            break
    return math.exp(logarithm + math.log(total))


def holm(p_values: Sequence[float]) -> list[float]:
    """
    Adjust p-values of several tests so that any error among them has the wanted probability.

    They come back in the order given, each in [0, 1]; compare each with the level as usual.
    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6 (1979).
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def smallest_significant_drop(n: int, discordant: int, alpha: float = 0.05) -> float | None:
    """
    Give the smallest drop in accuracy over ``n`` rows that ``mcnemar_exact`` would have noticed.

    ``discordant`` is on how many rows exactly one side is right. Where even all of them lost would
    not be significant, the answer is for the fewest that are. A share of the rows in (0, 1]; None
    where no drop on ``n`` rows reaches ``alpha``. With k tests and Holm's correction give
    ``alpha / k``, the level of the strictest of them.
    """
    fewest = max(1, math.ceil(1 - math.log2(alpha)))
    while mcnemar_exact(0, fewest) > alpha:
        fewest += 1
    if fewest > n:
        return None
    pairs = min(max(discordant, fewest), n)
    low, high = (pairs + 1) // 2, pairs
    while low < high:
        lost = (low + high) // 2
        if mcnemar_exact(pairs - lost, lost) <= alpha:
            high = lost
        else:
            low = lost + 1
    return (2 * low - pairs) / n
