"""Measures of agreement equal scikit-learn's where they are defined, and are None elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from rbrctl.statistics.agreement import ConfusionCounts

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(pairs)
def test_measures_agree_with_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    counts = ConfusionCounts.of(pairs)
    predicted, true = map(list, zip(*pairs, strict=True))
    assert counts.total == len(pairs)
    assert counts.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert counts.base_rate == pytest.approx(sum(true) / len(true))
    if any(predicted):
        assert counts.precision == pytest.approx(metrics.precision_score(true, predicted))
    if any(true):
        assert counts.recall == pytest.approx(metrics.recall_score(true, predicted))
    if any(true) or any(predicted):
        assert counts.f1 == pytest.approx(metrics.f1_score(true, predicted))
    if len(set(true)) == 2:
        expected = metrics.balanced_accuracy_score(true, predicted)
        assert counts.balanced_accuracy == pytest.approx(expected)
        assert counts.majority_accuracy is not None
        assert counts.kappa == pytest.approx(metrics.cohen_kappa_score(true, predicted))


@given(pairs, pairs)
def test_counts_add_up(first: list[tuple[bool, bool]], second: list[tuple[bool, bool]]) -> None:
    assert ConfusionCounts.of(first + second) == (
        ConfusionCounts.of(first) + ConfusionCounts.of(second)
    )


def test_what_has_no_denominator_is_none() -> None:
    empty = ConfusionCounts()
    assert (empty.accuracy, empty.kappa, empty.base_rate) == (None, None, None)
    all_false = ConfusionCounts(true_negative=9)
    assert all_false.accuracy == 1
    assert (all_false.precision, all_false.recall, all_false.f1) == (None, None, None)
    assert (all_false.balanced_accuracy, all_false.kappa) == (None, None)
    missed = ConfusionCounts(false_negative=2, true_negative=3)
    assert (missed.precision, missed.recall, missed.f1) == (None, 0, 0)
    assert (missed.kappa, missed.majority_accuracy) == (0, 0.6)
