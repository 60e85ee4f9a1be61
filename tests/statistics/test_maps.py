"""Fitted maps are monotone and equal those of scikit-learn and scipy."""

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from rbrctl.statistics.maps import PlattMap, fit_isotonic, fit_platt, logit, sigmoid

points = st.lists(
    st.tuples(st.integers(-40, 40).map(lambda n: n / 8), st.booleans()), min_size=2, max_size=40
)


@given(points)
def test_isotonic_agrees_with_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    scores, outcomes = map(list, zip(*pairs, strict=True))
    fitted = fit_isotonic(scores, outcomes)
    oracle = IsotonicRegression(out_of_bounds="clip").fit(
        scores, [float(item) for item in outcomes]
    )
    probes = numpy.linspace(-6, 6, 97)
    assert [fitted(probe) for probe in probes] == pytest.approx(
        oracle.predict(probes).tolist(), abs=1e-9
    )
    assert list(fitted.scores) == sorted(set(fitted.scores))
    assert list(fitted.probabilities) == sorted(fitted.probabilities)


@given(points)
def test_platt_reaches_the_best_likelihood_with_a_slope_of_zero_or_more(
    pairs: list[tuple[float, bool]],
) -> None:
    scores, outcomes = map(numpy.array, zip(*pairs, strict=True))
    positive = int(outcomes.sum())
    assume(0 < positive < len(outcomes))
    negative = len(outcomes) - positive
    targets = numpy.where(outcomes, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(parameters: numpy.ndarray) -> float:
        values = parameters[0] * scores + parameters[1]
        return float((numpy.logaddexp(0, values) - targets * values).sum())

    fitted = fit_platt(scores.tolist(), outcomes.tolist())
    assert fitted.slope >= 0
    best = minimize(loss, [0.1, 0.0], bounds=[(0, None), (None, None)], method="L-BFGS-B")
    assert loss(numpy.array([fitted.slope, fitted.intercept])) <= best.fun + 1e-6


def test_platt_finds_the_sigmoid_that_made_the_outcomes() -> None:
    generator = numpy.random.default_rng(5)
    scores = generator.normal(0, 2, 20000)
    outcomes = generator.random(20000) < 1 / (1 + numpy.exp(-(0.7 * scores - 0.4)))
    fitted = fit_platt(scores.tolist(), outcomes.tolist())
    assert (fitted.slope, fitted.intercept) == pytest.approx((0.7, -0.4), abs=0.05)


def test_platt_survives_scores_far_away_and_all_alike() -> None:
    far = fit_platt([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3], [False, True, False, True])
    assert far(1e9) < far(1e9 + 3)
    flat = fit_platt([3.0, 3.0, 3.0], [True, False, True])
    assert flat.slope == 0
    assert flat(3.0) == pytest.approx((2 * 0.75 + 1 / 3) / 3)


def test_an_inverted_grader_gets_no_inverted_map() -> None:
    fitted = fit_platt([-2.0, -1.0, 1.0, 2.0], [True, True, False, False])
    assert fitted.slope == 0


def test_maps_need_outcomes() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        fit_platt([0.1, 0.2], [True, True])
    with pytest.raises(ValueError, match="at least one"):
        fit_isotonic([], [])


@given(st.floats(0, 1))
def test_logit_and_sigmoid_are_inverse(probability: float) -> None:
    assert sigmoid(logit(probability)) == pytest.approx(probability, abs=1.1e-6)


def test_the_sigmoid_does_not_overflow() -> None:
    assert (sigmoid(1e9), sigmoid(-1e9)) == (1.0, 0.0)
    assert PlattMap(1.0, 0.0)(logit(0.25)) == pytest.approx(0.25)
