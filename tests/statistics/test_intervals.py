"""Intervals for shares agree with scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rbrctl.statistics.intervals import wilson_interval

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
