from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from reward_helpers import noisy

from rbrctl.errors import UsageError
from rbrctl.rewards.comparisons.candidates import Candidate
from rbrctl.rewards.comparisons.compare import Comparisons, compare
from rbrctl.rewards.comparisons.orderings import rank_ordering
from rbrctl.rewards.features import RULES_KEPT
from rbrctl.rewards.fitting.class_weights import rewards_of
from rbrctl.rewards.fitting.fit import fit
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.hand_set import rank_ladder
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]
ORDERING = rank_ordering(("good", "poor", "bad"))
QUICK = FitOptions(bootstrap=20, l2=0.0)


@pytest.fixture
def comparisons(judge: Judge, make: MakeCandidate) -> Comparisons:
    return compare(noisy(make), judge, ORDERING, {"c": ("kind", "rude", "bad")})


def test_the_fit_beats_the_reward_model_alone_and_is_certified(comparisons: Comparisons) -> None:
    fitted = fit(comparisons, QUICK)["c"]
    assert fitted.duality_gap <= 1e-6
    assert fitted.training_loss < fitted.baseline_loss
    assert fitted.vector["kind"] > 0 > fitted.vector["rude"]
    assert fitted.training_error.rate < 0.2
    assert fitted.held_out.fitted.low <= fitted.held_out.fitted.rate <= fitted.held_out.fitted.high
    assert fitted.held_out.loss >= fitted.training_loss - 0.05


def test_the_same_input_gives_the_same_figures(comparisons: Comparisons) -> None:
    assert repr(fit(comparisons, QUICK)) == repr(fit(comparisons, QUICK))


def test_intervals_surround_the_weights_and_shrink_with_more_prompts(
    judge: Judge, make: MakeCandidate
) -> None:
    widths = []
    for prompts in (15, 150):
        data = compare(noisy(make, prompts), judge, ORDERING, {"c": ("kind", "rude")})
        weight = fit(data, FitOptions(bootstrap=50, l2=0.0))["c"].weights[1]
        assert weight.low <= weight.weight <= weight.high
        widths.append(weight.high - weight.low)
    assert widths[1] < widths[0] / 2


def test_fixed_weights_are_kept_and_the_others_fitted_around_them(
    comparisons: Comparisons,
) -> None:
    fitted = fit(comparisons, replace(QUICK, fixed={"rude": -3.0}))["c"]
    assert fitted.vector["rude"] == -3.0
    assert {each.feature: each.note for each in fitted.weights}["rude"] == "fixed"
    free = fit(comparisons, QUICK)["c"]
    assert fitted.training_loss >= free.training_loss - 1e-6


def test_signs_are_kept(comparisons: Comparisons) -> None:
    fitted = fit(comparisons, replace(QUICK, signs={"rude": 1, "kind": 1}))["c"]
    assert fitted.vector["rude"] == 0
    assert fitted.vector["kind"] >= 0
    assert fitted.vector["bad"] < 0


def test_l2_makes_weights_smaller(comparisons: Comparisons) -> None:
    def norm(l2: float) -> float:
        return sum(w**2 for w in fit(comparisons, replace(QUICK, l2=l2))["c"].vector.values())

    assert norm(1.0) < norm(0.01) < norm(0.0) + 1e-6


def test_l2_pulls_towards_the_prior(comparisons: Comparisons) -> None:
    prior = {"kind": 2.0, "bad": -3.0, "no feature here": 1.0}
    held = fit(comparisons, replace(QUICK, l2=1e5, prior=prior))["c"]
    assert held.vector == pytest.approx({"kind": 2.0, "rude": 0.0, "bad": -3.0}, abs=1e-3)
    assert held.duality_gap <= 1e-6
    signed = replace(QUICK, l2=1e5, prior=prior, signs={"kind": -1})
    assert fit(comparisons, signed)["c"].vector["kind"] == pytest.approx(0.0, abs=1e-3)


def test_a_rank_that_no_comparison_shows_keeps_its_place(judge: Judge, make: MakeCandidate) -> None:
    rows = [make(p, label, k, 0.0) for p in "pqr" for label, k in (("good", 1.0), ("poor", 0.0))]
    data = compare(rows, judge, ORDERING, {"c": ("good", "poor", "bad")})
    ladder = rank_ladder(judge.ruleset)
    vector = fit(data, FitOptions(bootstrap=0, prior=ladder))["c"].vector
    assert vector["good"] > vector["poor"] > vector["bad"] == 0.0


def test_bradley_terry(comparisons: Comparisons) -> None:
    fitted = fit(comparisons, replace(QUICK, loss="logistic"))["c"]
    assert fitted.duality_gap <= 1e-6
    assert fitted.vector["rude"] < 0


def test_bradley_terry_without_an_optimum_says_what_to_do(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [make(p, label, k, 0.5) for p in "pqr" for label, k in (("good", 0.9), ("bad", 0.1))]
    data = compare(rows, judge, ORDERING, {"c": ("kind",)})
    with pytest.raises(UsageError, match="give an L2 factor"):
        fit(data, replace(QUICK, loss="logistic"))
    fit(data, replace(QUICK, loss="logistic", l2=0.01))


def test_features_that_do_nothing_are_marked(judge: Judge, make: MakeCandidate) -> None:
    rows = [replace(row, probabilities={**row.probabilities, "idle": 0.5}) for row in noisy(make)]
    data = compare(rows, judge, ORDERING, {"c": ("kind", "rude", "idle")})
    notes = {each.feature: each.note for each in fit(data, QUICK)["c"].weights}
    assert notes == {"kind": "", "rude": "", "idle": "constant"}


def test_the_fraction_of_rules_kept_is_a_reward_of_its_own(
    judge: Judge, make: MakeCandidate
) -> None:
    data = compare(noisy(make), judge, ORDERING, {"c": (RULES_KEPT,)})
    fitted = fit(data, replace(QUICK, fixed={RULES_KEPT: 1.0}))["c"]
    assert fitted.vector == {RULES_KEPT: 1.0}
    assert fitted.held_out.fitted.rate == fitted.training_error.rate < 0.5


def test_options_about_unknown_features_are_refused(comparisons: Comparisons) -> None:
    with pytest.raises(UsageError, match="sign is given for 'knd'"):
        fit(comparisons, replace(QUICK, signs={"knd": 1}))


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "squared"},
        {"l2": -1.0},
        {"l2": float("nan")},
        {"folds": 1},
        {"confidence": 1.0},
        {"bootstrap": -1},
        {"signs": {"kind": 2}},
    ],
)
def test_options_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        FitOptions(**settings)  # type: ignore[arg-type]


def test_a_reward_is_the_models_score_and_the_weighted_features(comparisons: Comparisons) -> None:
    data = comparisons.classes["c"]
    rewards = rewards_of(data, np.array([1.0, 0.0, -2.0]))
    expected = data.rm_scores + data.values[:, 0] - 2 * data.values[:, 2]
    assert rewards.tolist() == pytest.approx(expected.tolist())
