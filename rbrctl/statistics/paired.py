"""Tests of two graders on the same rows, and the correction for many such tests."""

import math
from collections.abc import Sequence


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """
    Return the two-sided p-value of the hypothesis that both are right equally often.

    ``only_first`` is the number of rows on which only the first is right, ``only_second`` that on
    which only the second is; other rows have no influence. It is the exact binomial test of one
    half. Raises ValueError for a negative count. Source: Q. McNemar, Psychometrika 12 (1947); exact
    form as in A. Agresti, *Categorical Data Analysis*.
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
    Return p-values adjusted for several tests, by Holm's step-down method.

    They come in the order given, each in [0, 1]. If each is compared with a level alpha, the
    probability of one or more false rejections is at most alpha.
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
    Return the smallest drop in accuracy on ``n`` rows that ``mcnemar_exact`` calls significant.

    ``discordant`` is the number of rows on which exactly one is right. If a loss on all of them
    would not be significant, the result is for the smallest number that would be. It is a share of
    the rows in (0, 1], or None if no drop on ``n`` rows reaches ``alpha``. For k tests with Holm's
    correction pass ``alpha / k``, the level of the strictest of them.
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
