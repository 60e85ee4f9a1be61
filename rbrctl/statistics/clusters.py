"""
Exact tests and intervals where rows come in clusters, such as completions of one prompt.

Completions of one prompt are right or wrong together, so that a hundred rows of four prompts tell
little more than four rows. The functions here therefore count prompts.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from rbrctl.statistics.bootstrap import RESAMPLES, clustered_bootstrap
from rbrctl.statistics.paired import mcnemar_exact

MINIMUM_CLUSTERS = 20
"""With fewer clusters a bootstrap interval is too narrow, and none is given."""


def cluster_sums(
    differences: Iterable[tuple[Hashable, int]],
) -> list[int]:
    """Return the sum of each cluster's differences, those of zero left out."""
    totals: Counter[Hashable] = Counter()
    for cluster, difference in differences:
        totals[cluster] += difference
    return [total for total in totals.values() if total]


def sign_flip_p(sums: Sequence[int]) -> float:
    """
    Return the exact one-sided p-value for a sum of clusters that is below zero.

    Args:
        sums: For each cluster the sum of the second side's score less the first's. Under the
            hypothesis that neither side is better, each is as likely as its negative.

    Returns:
        The probability of a total at least as low as the one of ``sums``, over all choices of
        their signs; 1 where the total is not negative. With one row a cluster it is one half of
        ``mcnemar_exact``.

    Source: E. J. G. Pitman, "Significance tests which may be applied to samples from any
    populations", Supplement to the Journal of the Royal Statistical Society 4 (1937).

    """
    lost = -sum(each for each in sums if each < 0)
    won = sum(each for each in sums if each > 0)
    if lost <= won:
        return 1.0
    sizes = Counter(abs(each) for each in sums if each)
    if len(sizes) == 1:
        (size,) = sizes
        return mcnemar_exact(lost // size, won // size) / 2
    return _upper_tail(sizes, lost)


def _upper_tail(sizes: Counter[int], least: int) -> float:
    """
    Return P(sum of those sizes that a fair coin picks >= least).

    The distribution is read off its discrete Fourier transform, a product of cosines, so that the
    time grows with the sum of the sizes and not with the number of picks.
    """
    divisor = math.gcd(*sizes)
    sizes = Counter({size // divisor: count for size, count in sizes.items()})
    least //= divisor
    total = sum(size * count for size, count in sizes.items())
    points = total + 1
    tail = (total - least + 1) / points
    middle = (least + total) / 2 - total / 2
    for k in range(1, points):
        angle = math.pi * k / points
        transform = math.prod(math.cos(angle * size) ** count for size, count in sizes.items())
        # The geometric sum of exp(-2 pi i k t / points) over t = least ... total, centred.
        width = math.sin(angle * (total - least + 1)) / math.sin(angle)
        tail += transform * width * math.cos(2 * angle * middle) / points
    return min(1.0, max(0.0, tail))


def clustered_interval(
    differences: Sequence[float], clusters: Sequence[Hashable], resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """
    Return the 95 % bootstrap interval of a mean, clusters drawn whole.

    ``clusters`` has each row's cluster. None with fewer than MINIMUM_CLUSTERS of them.
    """
    if len(set(clusters)) < MINIMUM_CLUSTERS:
        return None
    return clustered_bootstrap(differences, clusters, resamples=resamples)
