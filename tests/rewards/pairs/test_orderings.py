import pytest

from rbrctl.errors import UsageError
from rbrctl.rewards.pairs.orderings import preference_ordering, rank_ordering, table_ordering

RANKS = ("good", "poor", "bad")


def test_a_better_rank_wins_by_the_margin() -> None:
    ordering = rank_ordering(RANKS, 0.75)
    assert ordering.margins == {
        ("good", "poor"): 0.75,
        ("good", "bad"): 0.75,
        ("poor", "bad"): 0.75,
    }
    assert ordering.best == {"good"}


def test_levels_give_margins_that_are_no_whole_numbers() -> None:
    ordering = rank_ordering(RANKS, levels={"good": 2.5, "poor": 1.25, "bad": 0})
    assert ordering.margins["good", "poor"] == 1.25
    assert ordering.margins["good", "bad"] == 2.5


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"good": 1.0, "poor": 0.5}, "no level for bad"),
        ({"good": 1.0, "poor": 1.0, "bad": 0.0}, "level of good must be above that of poor"),
        ({"god": 1.0}, "did you mean 'good'"),
    ],
)
def test_levels_that_do_not_order_the_ranks_are_refused(
    levels: dict[str, float], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        rank_ordering(RANKS, levels=levels)


@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan"), float("inf")])
def test_a_margin_must_be_a_positive_number(margin: float) -> None:
    with pytest.raises(UsageError, match="margin"):
        preference_ordering(margin)


def test_a_table_compares_only_what_it_names() -> None:
    ordering = table_ordering({"perfect": ["bad", "ugly"], "fine": ["ugly"]})
    assert set(ordering.margins) == {("perfect", "bad"), ("perfect", "ugly"), ("fine", "ugly")}
    assert ordering.best == {"perfect", "fine"}


def test_a_table_takes_levels_where_it_has_them() -> None:
    ordering = table_ordering({"a": ["b", "c"]}, levels={"a": 2.5, "b": 1.0})
    assert ordering.margins == {("a", "b"): 1.5, ("a", "c"): 1.0}


@pytest.mark.parametrize(
    ("beats", "circle"),
    [
        ({"a": ["b"], "b": ["a"]}, "a beats b beats a"),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, "a beats b beats c beats a"),
        ({"a": ["a"]}, "a beats a"),
    ],
)
def test_contradictory_orderings_are_named(beats: dict[str, list[str]], circle: str) -> None:
    with pytest.raises(UsageError, match=circle):
        table_ordering(beats)
