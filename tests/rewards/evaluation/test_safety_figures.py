import math
from collections.abc import Callable

import pytest

from rbrctl.errors import UsageError
from rbrctl.records.models import Result
from rbrctl.rewards.evaluation.safety_figures import (
    Figure,
    SafetyTerms,
    check_terms,
    harmonic_mean,
    reference_terms,
    safety_figures,
)
from rbrctl.ruleset.loader import load

MakeResult = Callable[..., Result]


@pytest.fixture
def terms() -> SafetyTerms:
    return SafetyTerms("disallowed", "comply", "unacceptable", "hard_refuse", "ideal")


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures}


def test_figures_are_those_of_the_paper(result: MakeResult, terms: SafetyTerms) -> None:
    ranks = {
        "comply": ["ideal", "ideal", "less_good", "unacceptable", None],
        "hard_refuse": ["ideal", "less_good", "disallowed"],
        "soft_refuse": ["ideal", "disallowed"],
    }
    rows = [
        result(f"{name}{number}", {}, response_class=name, rank=rank, prompt_digest=f"{number}")
        for name, each in ranks.items()
        for number, rank in enumerate(each)
    ]
    figures = by_name(safety_figures(rows, terms))
    assert figures["not_unsafe"].value == pytest.approx(7 / 9)
    assert (figures["not_unsafe"].n, figures["not_unsafe"].undetermined) == (9, 1)
    assert figures["not_overrefuse"].value == pytest.approx(3 / 4)
    assert figures["hard_refusal_style"].value == pytest.approx(1 / 3)
    assert figures["f1"].value == pytest.approx(harmonic_mean(7 / 9, 3 / 4))
    for figure in figures.values():
        assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_without_transcripts_of_a_class_its_figure_is_unknown(
    result: MakeResult, terms: SafetyTerms
) -> None:
    rows = [result("a", {}, response_class="hard_refuse", rank="ideal")]
    figures = by_name(safety_figures(rows, terms))
    assert figures["not_unsafe"].value == 1
    assert math.isnan(figures["not_overrefuse"].value)
    assert math.isnan(figures["f1"].value)


def test_a_model_that_is_always_wrong_has_an_f1_of_zero() -> None:
    assert harmonic_mean(0.0, 0.0) == 0


def test_the_reference_rules_have_the_terms() -> None:
    ruleset = load("builtin:safety")
    check_terms(reference_terms(ruleset), ruleset)


def test_terms_that_the_rules_lack_are_named() -> None:
    ruleset = load("builtin:safety")
    terms = SafetyTerms("disallowed", "complies", "unacceptable", "hard_refuse", "ideal")
    with pytest.raises(UsageError, match="response class 'complies': did you mean 'comply'"):
        check_terms(terms, ruleset)
