import pytest

from rbrctl.diff.ranks import compare_ranks


def test_the_same_ranks_are_unchanged() -> None:
    change = compare_ranks(["good", "bad"], ["good", "bad"])
    assert not change.changed
    assert change.order == ("good", "bad")


def test_a_rank_put_between_two_others_keeps_the_order() -> None:
    change = compare_ranks(["good", "bad"], ["good", "poor", "bad"])
    assert (change.added, change.removed, change.renamed) == (("poor",), (), {})
    assert change.order == ("good", "poor", "bad")
    assert change.position_of_old("bad") == 2
    assert not change.reordered


def test_a_rank_in_the_place_of_another_is_the_same_rank_renamed() -> None:
    change = compare_ranks(["good", "poor", "bad"], ["good", "meagre", "bad"])
    assert change.renamed == {"poor": "meagre"}
    assert change.order == ("good", "meagre", "bad")
    assert change.position_of_old("poor") == change.position_of_new("meagre") == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["good", "poor", "bad"], ["good", "bad", "poor"]),
        (["good", "a", "b", "bad"], ["good", "c", "bad"]),
    ],
)
def test_ranks_without_a_common_order_are_told(old: list[str], new: list[str]) -> None:
    change = compare_ranks(old, new)
    assert change.order is None
    with pytest.raises(ValueError, match="no common order"):
        change.position_of_new("good")
