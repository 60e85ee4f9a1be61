"""The clustered bootstrap equals scipy's where clusters are rows, and covers what it should."""

import time
from random import Random

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, bootstrap, kstest

from rbrctl.statistics.bootstrap import binomial, clustered_bootstrap


@pytest.mark.parametrize("kind", ["few kinds", "all different"])
def test_it_agrees_with_scipy_where_each_row_is_a_cluster(kind: str) -> None:
    generator = numpy.random.default_rng(1)
    values = generator.choice([-1, 0, 0, 0, 0, 1, 1], 400).astype(float)
    if kind == "all different":
        values += generator.normal(0, 0.1, 400)
    ours = clustered_bootstrap(values.tolist(), range(400), resamples=6000)
    theirs = bootstrap(
        (values,), numpy.mean, n_resamples=6000, method="percentile", rng=generator
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.008)


def test_rows_of_one_cluster_are_drawn_together() -> None:
    values = [float(place // 10 % 2) for place in range(400)]
    alone = clustered_bootstrap(values, range(400))
    together = clustered_bootstrap(values, [place // 10 for place in range(400)])
    assert alone is not None
    assert together is not None
    widths = [upper - lower for lower, upper in (alone, together)]
    assert widths[1] / widths[0] == pytest.approx(10**0.5, rel=0.1)


def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    random = Random(3)
    covered = 0
    for trial in range(200):
        shifts = [random.choice([-1, 0, 0, 0, 1]) for _ in range(60)]
        values = [float(shift) for shift in shifts for _ in range(3)]
        interval = clustered_bootstrap(
            values, [place // 3 for place in range(180)], resamples=400, seed=trial
        )
        assert interval is not None
        covered += interval[0] <= 0 <= interval[1]
    assert 0.88 <= covered / 200 <= 0.99


def test_the_same_seed_gives_the_same_interval_in_any_order_of_rows() -> None:
    values = [number / 16 for number in range(60)]
    clusters = [place // 2 for place in range(60)]
    backwards = clustered_bootstrap(values[::-1], clusters[::-1], seed=4)
    assert clustered_bootstrap(values, clusters, seed=4) == backwards
    assert clustered_bootstrap(values, clusters, seed=5) != backwards


def test_one_cluster_says_nothing_and_constant_rows_everything() -> None:
    assert clustered_bootstrap([1.0, 0.0], ["a", "a"]) is None
    assert clustered_bootstrap([0.0] * 9, range(9)) == (0.0, 0.0)
    with pytest.raises(ValueError, match="shorter"):
        clustered_bootstrap([1.0], [])


def test_many_rows_take_no_longer() -> None:
    random = Random(1)
    values = [float(random.choice([-1, 0, 0, 1])) for _ in range(100_000)]
    start = time.process_time()
    clustered_bootstrap(values, range(100_000))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("n", "probability"), [(5, 0.3), (40, 0.1), (200, 0.4), (5000, 0.9)])
def test_binomial_draws_follow_the_binomial_distribution(n: int, probability: float) -> None:
    random = Random(7)
    draws = [binomial(n, probability, random) + random.random() for _ in range(4000)]
    # Spread over each unit interval, draws are continuous with this distribution function.
    below = numpy.floor(draws)
    share = binom.cdf(below - 1, n, probability) + (draws - below) * binom.pmf(
        below, n, probability
    )
    assert kstest(share, "uniform").pvalue > 0.001


@given(st.integers(0, 2000), st.sampled_from([0.0, 1e-9, 0.01, 0.5, 0.99, 1.0]), st.integers(0, 99))
def test_binomial_draws_stay_in_range(n: int, probability: float, seed: int) -> None:
    drawn = binomial(n, probability, Random(seed))
    assert 0 <= drawn <= n
    if probability in (0.0, 1.0):
        assert drawn == n * probability
