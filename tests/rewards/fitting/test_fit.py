from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from reward_helpers import noisy

from rbrctl.errors import UsageError
from rbrctl.rewards.features import RULES_KEPT
from rbrctl.rewards.fitting.class_weights import rewards_of
from rbrctl.rewards.fitting.fit import fit, steps
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.hand_set import rank_ladder
from rbrctl.rewards.losses import loss_named
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import Comparisons, compare
from rbrctl.rewards.pairs.orderings import rank_ordering
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
    fitted = fit(comparisons, replace(QUICK, loss=loss_named("logistic")))["c"]
    assert fitted.duality_gap <= 1e-6
    assert fitted.vector["rude"] < 0


def test_bradley_terry_without_an_optimum_says_what_to_do(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [make(p, label, k, 0.5) for p in "pqr" for label, k in (("good", 0.9), ("bad", 0.1))]
    data = compare(rows, judge, ORDERING, {"c": ("kind",)})
    with pytest.raises(UsageError, match="Give an L2 factor"):
        fit(data, replace(QUICK, loss=loss_named("logistic")))
    fit(data, replace(QUICK, loss=loss_named("logistic"), l2=0.01))


def with_idle(row: Candidate, value: float) -> Candidate:
    return replace(row, probabilities={**row.probabilities, "idle": value})


def test_bradley_terry_names_the_feature_that_some_pairs_drive_away(
    judge: Judge, make: MakeCandidate
) -> None:
    """One pair of many is enough, where the feature speaks of no other."""
    rows = [with_idle(row, 0.0) for row in noisy(make)]
    first = compare(rows, judge, ORDERING, {"c": ("kind",)}).classes["c"].pairs.better[0]
    rows[first] = with_idle(rows[first], 0.2)
    rows = [row for row in rows if row is rows[first] or row.label != rows[first].label]
    data = compare(rows, judge, ORDERING, {"c": ("kind", "rude", "idle")})
    with pytest.raises(UsageError, match=r"as these weights grow in size: idle up. Give an L2"):
        fit(data, replace(QUICK, loss=loss_named("logistic")))


def test_resamples_without_an_optimum_are_counted_and_left_out(
    judge: Judge, make: MakeCandidate
) -> None:
    """Without the one prompt that is the other way round, the loss falls for ever."""
    rows = [
        make(f"p{number}", label, value if number else 1 - value, 0.5)
        for number in range(8)
        for label, value in (("good", 0.9), ("bad", 0.1))
    ]
    data = compare(rows, judge, ORDERING, {"c": ("kind",)})
    fitted = fit(data, FitOptions(loss=loss_named("logistic"), l2=0.0, bootstrap=100))["c"]
    assert 20 < fitted.without_optimum < 50
    (weight,) = fitted.weights
    assert weight.low <= weight.weight <= weight.high < 10


@pytest.mark.parametrize("bootstrap", [0, 20])
@pytest.mark.parametrize("prior", [0.0, 2.0])
def test_features_that_do_nothing_are_marked(
    judge: Judge, make: MakeCandidate, bootstrap: int, prior: float
) -> None:
    """A feature that is the same for all completions of a prompt says nothing of any pair."""
    by_prompt = [with_idle(row, int(row.prompt[1:]) / 40) for row in noisy(make)]
    same = [with_idle(row, 0.5) for row in noisy(make)]
    options = FitOptions(bootstrap=bootstrap, l2=0.01, prior={"idle": prior})
    for rows, note in ((by_prompt, "does nothing"), (same, "constant")):
        data = compare(rows, judge, ORDERING, {"c": ("kind", "rude", "idle")})
        notes = {each.feature: each.note for each in fit(data, options)["c"].weights}
        assert notes == {"kind": "", "rude": "", "idle": note}


def test_a_weight_that_no_pair_pulls_at_is_marked_without_resamples_too(
    judge: Judge, make: MakeCandidate
) -> None:
    """Two pairs pull the weight of ``idle`` as strongly to either side."""
    rows = [
        with_idle(make(prompt, label, kind, 0.5), idle)
        for prompt, turned in (("p", 0.0), ("q", 1.0))
        for label, kind, idle in (("good", 0.6, turned), ("bad", 0.5, 1.0 - turned))
    ]
    data = compare(rows, judge, ORDERING, {"c": ("kind", "idle")})
    notes = {e.feature: e.note for e in fit(data, FitOptions(bootstrap=0, l2=1.0))["c"].weights}
    assert notes == {"kind": "", "idle": "does nothing"}


def test_prompts_are_counted_on_both_sides_of_pairs(judge: Judge, make: MakeCandidate) -> None:
    rows = [replace(make("p", "good", 0.9, 0.1), group="")]
    rows += [replace(make(f"q{number}", "bad", 0.2, 0.3), group="") for number in range(5)]
    data = compare(rows, judge, ORDERING, {"c": ("kind",)})
    assert fit(data, FitOptions(bootstrap=0))["c"].prompts == 6


def test_resamples_that_fit_nothing_do_not_stand_in_the_intervals(
    judge: Judge, make: MakeCandidate
) -> None:
    """One prompt makes pairs, and a resample without it would leave the prior."""
    rows = [make("p", label, kind, 0.2) for label, kind in (("good", 0.7), ("bad", 0.2))]
    rows += [make(f"q{number}", "good", 0.5, 0.5) for number in range(3)]
    one = compare(rows, judge, ORDERING, {"c": ("kind",)})
    options = FitOptions(bootstrap=200, l2=0.01, prior={"kind": -7.0})
    (weight,) = fit(one, options)["c"].weights
    assert np.isnan([weight.low, weight.high]).all()
    rows += [make("r", label, kind, 0.2) for label, kind in (("good", 0.8), ("bad", 0.2))]
    two = compare(rows, judge, ORDERING, {"c": ("kind",)})
    (weight,) = fit(two, options)["c"].weights
    assert 1.6 < weight.low <= weight.high < 2.1


def test_intervals_do_not_depend_on_the_order_of_the_rows(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = noisy(make)
    first, second = (
        fit(compare(each, judge, ORDERING, {"c": ("kind", "rude")}), QUICK)["c"]
        for each in (rows, rows[::-1])
    )
    assert first.training_error.low == second.training_error.low
    assert [w.low for w in first.weights] == pytest.approx([w.low for w in second.weights], abs=0.1)


def test_every_step_is_told(comparisons: Comparisons) -> None:
    done: list[None] = []
    fit(comparisons, QUICK, lambda: done.append(None))
    assert len(done) == steps(comparisons.classes["c"], QUICK) == 26


def test_without_l2_it_is_said_of_which_weights_the_optimum_is_meant(
    comparisons: Comparisons,
) -> None:
    assert 1e3 < fit(comparisons, QUICK)["c"].radius < 1e6
    assert np.isinf(fit(comparisons, replace(QUICK, l2=0.01))["c"].radius)


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
        {"signs": {"kind": 1}, "fixed": {"kind": -1.0}},
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
