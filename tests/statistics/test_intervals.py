"""Intervals for shares agree with scipy."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rbrctl.statistics.intervals import clustered_share_interval, wilson_interval

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(count: tuple[int, int], confidence: float) -> None:
    expected = binomtest(*count).proportion_ci(confidence, method="wilson")
    assert wilson_interval(*count, confidence) == pytest.approx(
        (expected.low, expected.high), abs=1e-12
    )


@given(counts)
def test_wilson_holds_the_share_and_stays_in_range(count: tuple[int, int]) -> None:
    lower, upper = wilson_interval(*count)
    assert 0 <= lower <= count[0] / count[1] <= upper <= 1


def test_nothing_is_known_without_trials() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="no interval for"):
        wilson_interval(successes, n)


def test_clusters_that_are_alike_throughout_count_as_one_trial_each() -> None:
    one = clustered_share_interval([1, 0, 1, 0, 1], [1] * 5)
    many = clustered_share_interval([40, 0, 40, 0, 40], [40] * 5)
    assert one is not None
    assert many == pytest.approx(one)
    assert clustered_share_interval([7, 9], [7, 9]) == wilson_interval(2, 2)
    assert clustered_share_interval([0, 0, 0], [7, 0, 9]) == wilson_interval(0, 2)


def test_clusters_that_differ_by_nothing_count_all_their_trials() -> None:
    assert clustered_share_interval([5, 5], [10, 10]) == pytest.approx(wilson_interval(10, 20))


def test_one_cluster_tells_nothing() -> None:
    assert clustered_share_interval([3], [4]) is None
    assert clustered_share_interval([], []) is None


def test_clustered_intervals_hold_the_share_as_often_as_they_say() -> None:
    """Twenty prompts of sixteen completions, of shares between 0 and 1 and mostly near the ends."""
    generator, held = Random(0), 0
    for _ in range(400):
        shares = [generator.betavariate(0.5, 0.5) for _ in range(20)]
        good = [sum(generator.random() < share for _ in range(16)) for share in shares]
        low, high = clustered_share_interval(good, [16] * 20) or (1, 0)
        held += low <= 0.5 <= high
    assert 0.92 <= held / 400 <= 0.98
