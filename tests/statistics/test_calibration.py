"""Calibration figures agree with scikit-learn and with their definitions."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from rbrctl.statistics.calibration import (
    brier_score,
    expected_calibration_error,
    reliability_bins,
)

predictions = st.lists(
    st.tuples(st.floats(0, 1) | st.sampled_from([0.1, 0.5, 1.0]), st.booleans()),
    min_size=1,
    max_size=50,
)


@given(predictions)
def test_brier_agrees_with_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    probabilities, outcomes = map(list, zip(*pairs, strict=True))
    expected = brier_score_loss(outcomes, probabilities, labels=[False, True])
    assert brier_score(probabilities, outcomes) == pytest.approx(expected)


@given(predictions)
def test_calibration_error_is_the_weighted_gap(pairs: list[tuple[float, bool]]) -> None:
    probabilities, outcomes = map(numpy.array, zip(*pairs, strict=True))
    places = numpy.minimum((probabilities * 10).astype(int), 9)
    expected = sum(
        abs(probabilities[places == place].sum() - outcomes[places == place].sum())
        for place in range(10)
    ) / len(probabilities)
    error = expected_calibration_error(probabilities.tolist(), outcomes.tolist())
    assert error == pytest.approx(expected, abs=1e-12)


@given(predictions)
def test_bins_hold_every_prediction_once(pairs: list[tuple[float, bool]]) -> None:
    probabilities, outcomes = map(list, zip(*pairs, strict=True))
    bins = reliability_bins(probabilities, outcomes)
    assert sum(item.count for item in bins) == len(pairs)
    for item in bins:
        assert item.lower <= item.mean_probability + 1e-12
        assert item.mean_probability <= item.upper + 1e-12


def test_there_is_no_error_without_predictions() -> None:
    assert brier_score([], []) is None
    assert expected_calibration_error([], []) is None
    with pytest.raises(ValueError, match="shorter"):
        brier_score([0.5], [])
