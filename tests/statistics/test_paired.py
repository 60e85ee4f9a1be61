"""Paired tests agree with scipy, the correction with its definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rbrctl.statistics.paired import holm, mcnemar_exact, smallest_significant_drop


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_agrees_with_the_binomial_test(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar_exact(first, second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_is_quick_and_right_for_large_counts() -> None:
    expected = binomtest(100_000, 201_500).pvalue
    assert mcnemar_exact(100_000, 101_500) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 3)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_rejects_what_its_steps_reject(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for alpha in (0.01, 0.05, 0.2, 0.5):
        rejected: set[int] = set()
        for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - step) > alpha:
                break
            rejected.add(place)
        assert {place for place, value in enumerate(adjusted) if value <= alpha} == rejected


def test_holm_gives_known_values() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.integers(1, 120), st.integers(0, 120), st.sampled_from([0.05, 0.01, 0.2]))
def test_the_smallest_drop_is_the_first_that_is_significant(
    n: int, discordant: int, alpha: float
) -> None:
    pairs = next(
        (
            count
            for count in range(min(discordant, n), n + 1)
            if count and mcnemar_exact(0, count) <= alpha
        ),
        None,
    )
    drop = smallest_significant_drop(n, discordant, alpha)
    if pairs is None:
        assert drop is None
        return
    significant = [
        (2 * lost - pairs) / n
        for lost in range((pairs + 1) // 2, pairs + 1)
        if mcnemar_exact(pairs - lost, lost) <= alpha
    ]
    assert drop == min(significant)
