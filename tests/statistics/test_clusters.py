import itertools
import random

import pytest

from rbrctl.statistics.clusters import (
    MINIMUM_CLUSTERS,
    cluster_sums,
    clustered_interval,
    sign_flip_p,
)
from rbrctl.statistics.paired import mcnemar_exact


def by_enumeration(sums: list[int]) -> float:
    total = sum(sums)
    flips = list(itertools.product((1, -1), repeat=len(sums)))
    low = sum(sum(s * x for s, x in zip(f, sums, strict=True)) <= total for f in flips)
    return low / len(flips) if total < 0 else 1.0


def test_the_p_value_is_that_of_trying_all_signs() -> None:
    source = random.Random(1)
    for _ in range(60):
        sums = [source.randint(-5, 3) or 1 for _ in range(source.randint(1, 11))]
        assert sign_flip_p(sums) == pytest.approx(by_enumeration(sums), abs=1e-12)


def test_clusters_of_one_size_are_mcnemars_test() -> None:
    assert sign_flip_p([-1] * 9 + [1] * 2) == pytest.approx(mcnemar_exact(9, 2) / 2)
    assert sign_flip_p([-25] * 9 + [25] * 2) == pytest.approx(mcnemar_exact(9, 2) / 2)
    assert sign_flip_p([-1, 1]) == 1.0
    assert sign_flip_p([]) == 1.0
    # Far out in the tail nothing is lost to rounding.
    assert sign_flip_p([-3] * 100) == pytest.approx(0.5**100)


def test_many_rows_of_one_prompt_are_one_piece_of_evidence() -> None:
    sums = cluster_sums([("p", -1)] * 25 + [("q", 0)] * 25 + [("r", 1), ("r", -1)])
    assert sums == [-25]
    assert sign_flip_p(sums) == 0.5


def test_large_counts_are_exact_and_quick() -> None:
    sums = [-(n % 10 + 1) for n in range(1200)] + [n % 10 + 1 for n in range(1100)]
    mean, deviation = 0.0, sum(each * each for each in sums) ** 0.5
    normal = pytest.importorskip("scipy.stats").norm.cdf(sum(sums), mean, deviation)
    assert sign_flip_p(sums) == pytest.approx(normal, rel=0.02)


def test_few_clusters_have_no_bootstrap_interval() -> None:
    few = list(range(MINIMUM_CLUSTERS - 1)) * 25
    assert clustered_interval([0.0] * len(few), few) is None
    enough = list(range(MINIMUM_CLUSTERS))
    assert clustered_interval([0.0] * len(enough), enough) == (0.0, 0.0)
