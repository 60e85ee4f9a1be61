"""Intervals by resampling clusters, for rows that share a prompt and are not independent."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from random import Random

RESAMPLES = 2000


def clustered_bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float] | None:
    """
    Return the percentile interval of the mean of ``values``, from resamples of whole clusters.

    ``clusters`` has the cluster of each row. To compare two graders on the same rows, pass the
    difference on each row: the bootstrap is then paired. The same seed gives the same interval.
    Returns None with fewer than two clusters. Raises ValueError if the lengths differ. Source:
    B. Efron, R. Tibshirani, *An Introduction to the Bootstrap*; A. C. Davison, D. V. Hinkley,
    *Bootstrap Methods and their Application*, section 3.8, for resampling whole clusters.
    """
    totals: dict[Hashable, complex] = {}
    for value, cluster in zip(values, clusters, strict=True):
        # The sum and the size of a cluster travel together as one number.
        totals[cluster] = totals.get(cluster, 0j) + complex(value, 1)
    if len(totals) < 2:
        return None
    draw = _drawer(sorted(totals.values(), key=lambda item: (item.real, item.imag)), Random(seed))
    means = []
    for _ in range(resamples):
        total = draw()
        means.append(total.real / total.imag)
    means.sort()
    tail = (1 - confidence) / 2
    return _quantile(means, tail), _quantile(means, 1 - tail)


def _drawer(totals: list[complex], random: Random) -> Callable[[], complex]:
    """
    Return a function that draws as many clusters as there are, with replacement, and sums them.

    Differences of right and wrong take few values, so many clusters are equal. Then the function
    draws the number of each kind (a multinomial), in time independent of the number of clusters.
    """
    kinds = Counter(totals)
    if len(kinds) * 8 > len(totals):
        return lambda: sum(random.choices(totals, k=len(totals)))
    commonest_first = kinds.most_common()

    def draw() -> complex:
        total, left, left_to_choose = 0j, len(totals), len(totals)
        for kind, count in commonest_first:
            drawn = binomial(left, count / left_to_choose, random)
            total += drawn * kind
            left -= drawn
            left_to_choose -= count
            if not left:
                break
        return total

    return draw


def binomial(n: int, probability: float, random: Random) -> int:
    """
    Draw the number of successes in ``n`` trials, in time that does not grow with ``n``.

    Source: the geometric method for small means and BTRS for others, W. Hoermann, "The generation
    of binomial random variates", Journal of Statistical Computation and Simulation 46 (1993).
    """
    if probability > 0.5:
        return n - binomial(n, 1 - probability, random)
    if n * probability < 10:
        return _binomial_by_gaps(n, probability, random)
    return _binomial_by_rejection(n, probability, random)


def _binomial_by_gaps(n: int, probability: float, random: Random) -> int:
    if probability <= 0:
        return 0
    successes, place = 0, 0
    log_failure = math.log1p(-probability)
    while True:
        place += int(math.log(1 - random.random()) / log_failure) + 1
        if place > n:
            return successes
        successes += 1


def _binomial_by_rejection(n: int, probability: float, random: Random) -> int:
    spread = math.sqrt(n * probability * (1 - probability))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * probability
    c = n * probability + 0.5
    alpha = (2.83 + 5.1 / b) * spread
    log_odds = math.log(probability / (1 - probability))
    mode = int((n + 1) * probability)
    height = math.lgamma(mode + 1) + math.lgamma(n - mode + 1)
    while True:
        u = random.random() - 0.5
        v = 1 - random.random()
        us = 0.5 - abs(u)
        if us <= 0:
            continue
        k = math.floor((2 * a / us + b) * u + c)
        if not 0 <= k <= n:
            continue
        if us >= 0.07 and v <= 0.92 - 4.2 / b:
            return k
        v = math.log(v * alpha / (a / (us * us) + b))
        if v <= height - math.lgamma(k + 1) - math.lgamma(n - k + 1) + (k - mode) * log_odds:
            return k


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of ordered numbers, with linear interpolation."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
