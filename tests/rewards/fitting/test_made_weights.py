from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rbrctl.rewards import FitOptions, compare, fit, rank_ordering, read_weights, write_weights
from rbrctl.rewards.fitting.made_weights import (
    MARKS_KEY,
    MAX_MARKS,
    fitted_on,
    made_weights,
    marks_of,
)
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.ruleset.verdict import Judge

OPTIONS = FitOptions(bootstrap=0, folds=0, l2=0.1)


def test_a_library_user_writes_what_the_command_does(
    judge: Judge, make: Callable[..., Candidate], tmp_path: Path
) -> None:
    rows = [make("p", "good", 0.9, 0.1), make("p", "bad", 0.2, 0.8), make("q", "poor", 0.2, 0.1)]
    comparisons = compare(rows, judge, rank_ordering(judge.ruleset.ranks))
    fits = fit(comparisons, OPTIONS)
    ruleset = replace(judge.ruleset, digest="d1")
    weights = made_weights(ruleset, comparisons, fits, OPTIONS, about={"order": "rank"})
    write_weights(tmp_path / "w.yaml", weights)
    again = read_weights(tmp_path / "w.yaml")
    assert again == weights
    assert again.fit["loss"] == "hinge"
    assert again.fit["order"] == "rank"
    assert again.fit["response_classes"]["c"]["pairs"] == 1
    # A prompt without a pair has no say in the weights.
    assert fitted_on(again.fit, ["p", "q", "r", "p"]) == 1


@given(st.sets(st.text(max_size=5), min_size=1), st.sets(st.text(max_size=5)))
def test_marks_count_the_prompts_in_common(fitted: set[str], others: set[str]) -> None:
    assert fitted_on({MARKS_KEY: marks_of(fitted)}, others) == len(fitted & others)


def test_of_many_prompts_a_sample_is_kept() -> None:
    marks = marks_of(map(str, range(MAX_MARKS + 5)))
    assert len(marks.split()) == MAX_MARKS
    assert fitted_on({MARKS_KEY: marks}, map(str, range(MAX_MARKS + 5))) == MAX_MARKS


@given(st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text())))
def test_what_is_no_list_of_marks_tells_nothing(value: object) -> None:
    assert fitted_on({MARKS_KEY: value}, ["p"]) == 0
    assert fitted_on({}, ["p"]) == 0
