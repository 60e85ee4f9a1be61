import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.wording import closest, counted, did_you_mean, edits, hint_for

KNOWN = ("hard_refuse", "soft_refuse", "comply")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("hard-refuse", "hard_refuse"), ("compyl", "comply"), ("x", None), ("", None)],
)
def test_the_closest_word_is_meant(word: str, meant: str | None) -> None:
    assert closest(word, KNOWN) == meant
    assert did_you_mean(word, KNOWN) == (f"did you mean '{meant}'?" if meant else None)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("--modle", "--model"), ("--mod", "--mode"), ("--modell", "--model"), ("--mdoe", "--mode")],
)
def test_letters_that_are_swapped_are_one_edit(word: str, meant: str) -> None:
    assert closest(word, ("--mode", "--model", "--code", "--nodel")) == meant


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_counted_alike_in_both_directions(word: str, other: str) -> None:
    assert edits(word, other) == edits(other, word)
    assert (edits(word, other) == 0) == (word == other)
    assert abs(len(word) - len(other)) <= edits(word, other) <= max(len(word), len(other))
    if len(word) > 1 and word[0] != word[1]:
        assert edits(word, word[1] + word[0] + word[2:]) == 1


def test_without_a_close_word_all_are_named() -> None:
    assert hint_for("compyl", KNOWN) == "did you mean 'comply'?"
    assert hint_for("x", ["hard"]) == "there is hard"
    assert hint_for("x", iter(KNOWN)) == "there are hard_refuse, soft_refuse, comply"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 rules"), (1, "1 rule"), (2, "2 rules"), (2000, "2,000 rules")]
)
def test_numbers_agree_with_their_nouns(number: int, text: str) -> None:
    assert counted(number, "rule") == text


def test_other_plurals_are_given() -> None:
    assert counted(1, "line was", "lines were") == "1 line was"
    assert counted(0, "line was", "lines were") == "0 lines were"


def test_of_very_many_words_the_first_are_named() -> None:
    assert hint_for("x", ("hard", "soft", "comply"), most=2) == "there are hard, soft and 1 more"
