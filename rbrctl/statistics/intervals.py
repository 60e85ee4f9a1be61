"""Confidence intervals for shares."""

import math
from collections.abc import Sequence
from statistics import NormalDist


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """
    Return the score interval for a share of ``successes`` in ``n`` trials, within [0, 1].

    Both may be fractional. Without trials the interval is (0, 1). Raises ValueError unless
    0 <= successes <= n and 0 < confidence < 1. Source: E. B. Wilson, "Probable inference, the law
    of succession, and statistical inference", JASA 22 (1927), without continuity correction.
    """
    if not 0 <= successes <= n or not 0 < confidence < 1:
        raise ValueError(f"no interval for {successes} of {n} at confidence {confidence}")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At 0 and 1 the bound is known exactly; rounding could move it past the share.
    lower = 0.0 if successes == 0 else (centre - half) / scale
    upper = 1.0 if successes == n else (centre + half) / scale
    return lower, upper


def clustered_share_interval(
    successes: Sequence[int], sizes: Sequence[int], confidence: float = 0.95
) -> tuple[float, float] | None:
    """
    Return the interval of a share whose trials are sampled in whole clusters.

    It is Wilson's interval for the effective number of independent trials, which is smaller the
    more alike the trials of a cluster are. For a share of 0 or 1 that number cannot be estimated,
    and one trial per cluster is assumed. ``successes`` and ``sizes`` have one entry for each
    cluster. Returns None with fewer than two clusters.
    Source: E. L. Korn, B. I. Graubard, "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data", Survey Methodology 24 (1998).
    """
    clusters = sum(size > 0 for size in sizes)
    if clusters < 2:
        return None
    n = sum(sizes)
    share = sum(successes) / n
    if share in (0, 1):
        return wilson_interval(share * clusters, clusters, confidence)
    residuals = (good - share * size for good, size in zip(successes, sizes, strict=True))
    variance = sum(each * each for each in residuals) * clusters / (clusters - 1) / n**2
    effective = min(n, share * (1 - share) / variance) if variance else n
    return wilson_interval(share * effective, effective, confidence)
