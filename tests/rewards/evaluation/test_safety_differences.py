import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.rewards.evaluation.safety_figures import (
    FigureDifference,
    safety_differences,
    safety_figures,
)
from rbrctl.rewards.evaluation.safety_terms import SafetyTerms

TERMS = SafetyTerms("bad", ("comply",), "poor", ("refuse",), "good")


def row(prompt: int, rank: str | None, response_class: str | None = "comply") -> Result:
    return Result(
        id="a",
        content_digest="c",
        prompt_digest=f"{prompt}",
        answers={"kind": Answer(0.5)},
        grader=GraderIdentity("embedded", "0"),
        ruleset=RuleSetIdentity("small", "1", ""),
        response_class=response_class,
        rank=rank,
    )


def by_name(rows: list[FigureDifference]) -> dict[str, FigureDifference]:
    return {each.name: each for each in rows}


ranks = st.lists(st.sampled_from(["good", "poor", "bad"]), min_size=2, max_size=12)


@given(ranks, st.randoms(use_true_random=False))
def test_on_the_same_prompts_it_is_the_difference_of_the_figures(ranks, random) -> None:
    first = [row(number, rank) for number, rank in enumerate(ranks)]
    random.shuffle(ranks)
    other = [row(number, rank) for number, rank in enumerate(ranks)]
    differences = by_name(safety_differences(first, other, TERMS, resamples=50))
    before, after = (
        {figure.name: figure.value for figure in safety_figures(side, TERMS, resamples=1)}
        for side in (first, other)
    )
    for name in ("not_unsafe", "not_overrefuse", "f1"):
        each = differences[name]
        assert each.difference == pytest.approx(after[name] - before[name])
        assert each.prompts == len(ranks)
        assert -1 <= each.low <= each.high <= 1


def test_only_common_prompts_count() -> None:
    first = [row(0, "good"), row(1, "bad"), row(2, "bad"), row(3, None)]
    other = [row(0, "good"), row(1, "good"), row(3, "bad"), row(4, "bad"), row(0, "bad", None)]
    each = by_name(safety_differences(first, other, TERMS))["not_unsafe"]
    assert (each.prompts, each.difference) == (2, 0.5)


def test_a_pairing_makes_the_interval_narrower_than_two_of_single_models() -> None:
    first = [row(number, "bad" if number % 2 else "good") for number in range(60)]
    other = [row(number, "bad" if number % 2 and number > 5 else "good") for number in range(60)]
    each = by_name(safety_differences(first, other, TERMS))["not_unsafe"]
    assert each.difference == pytest.approx(0.05)
    assert 0 <= each.low < 0.05 < each.high < 0.13


def test_models_that_never_differ_are_not_proved_to_be_equal() -> None:
    side = [row(number, "good") for number in range(10)]
    each = by_name(safety_differences(side, side, TERMS))["not_unsafe"]
    assert each.difference == 0
    assert each.low == pytest.approx(-each.high)
    assert 0.2 < each.high < 0.4


def test_without_common_prompts_nothing_is_known() -> None:
    each = by_name(safety_differences([row(0, "good")], [row(1, "good")], TERMS))["not_unsafe"]
    assert each.prompts == 0
    assert all(map(math.isnan, (each.difference, each.low, each.high)))
