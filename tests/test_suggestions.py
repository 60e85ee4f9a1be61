import pytest

from rbrctl.counting import counted
from rbrctl.suggestions import closest, did_you_mean, hint_for

KNOWN = ("hard_refuse", "soft_refuse", "comply")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("hard-refuse", "hard_refuse"), ("compyl", "comply"), ("x", None), ("", None)],
)
def test_the_closest_word_is_meant(word: str, meant: str | None) -> None:
    assert closest(word, KNOWN) == meant
    assert did_you_mean(word, KNOWN) == (f"did you mean '{meant}'?" if meant else None)


def test_without_a_close_word_all_are_named() -> None:
    assert hint_for("compyl", KNOWN) == "did you mean 'comply'?"
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
