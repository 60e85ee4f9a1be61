import math
import random

import pytest

from rbrctl.graders.training.fit import fit_shrunk_platt, guess_intercept

np = pytest.importorskip("numpy")


def fit(slope: float, count: int, guess: float = 0.0) -> tuple[float, float]:
    """Fit to outcomes drawn from a sigmoid of that slope."""
    choose = random.Random(4)
    scores = [choose.uniform(-4, 4) for _ in range(count)]
    values = [float(choose.random() < 1 / (1 + math.exp(-slope * score))) for score in scores]
    found = fit_shrunk_platt(np.array(scores), np.array(values), np.ones(count), guess)
    return found.slope, found.intercept


def test_without_rows_to_object_the_guess_stands():
    found = fit_shrunk_platt(np.array([0.0]), np.array([0.5]), np.array([1e-9]), 0.4)
    assert (found.slope, found.intercept) == pytest.approx((1.0, 0.4), abs=1e-4)


def test_many_rows_overrule_the_guess():
    slope, intercept = fit(2.0, 20_000, guess=1.0)
    assert slope == pytest.approx(2.0, abs=0.1)
    assert intercept == pytest.approx(0.0, abs=0.1)


def test_few_rows_move_it_a_little():
    few, many = fit(2.0, 20)[0], fit(2.0, 2000)[0]
    assert 1 < few < many


def test_the_order_of_scores_is_always_kept():
    scores = np.array([-3.0, 3.0] * 500)
    found = fit_shrunk_platt(scores, np.array([1.0, 0.0] * 500), np.ones(1000), 0.0)
    assert found.slope > 0


def test_a_rare_outcome_is_given_back_some_of_its_log_odds():
    assert guess_intercept(50, 100) == pytest.approx(0)
    assert guess_intercept(5, 100) == pytest.approx(-guess_intercept(95, 100))
    assert guess_intercept(5, 100) > 0
