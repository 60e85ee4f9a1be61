"""Folds keep groups whole, are balanced, and depend on nothing but the groups and the seed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.statistics.folds import grouped_folds

groups = st.lists(st.sampled_from([f"group {letter}" for letter in "abcdefghijkl"]), min_size=1)


@given(groups, st.integers(2, 6), st.randoms(use_true_random=False))
def test_groups_stay_whole_in_balanced_folds(groups: list[str], folds: int, random: Random) -> None:
    if len(set(groups)) < folds:
        with pytest.raises(ValueError, match="cannot fill"):
            grouped_folds(groups, folds)
        return
    assigned = dict(zip(groups, grouped_folds(groups, folds), strict=True))
    assert [assigned[group] for group in groups] == grouped_folds(groups, folds)
    sizes = [sum(assigned[group] == fold for group in groups) for fold in range(folds)]
    largest = max(map(groups.count, groups))
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= largest
    shuffled = random.sample(groups, len(groups))
    assert grouped_folds(shuffled, folds) == [assigned[group] for group in shuffled]


def test_the_seed_decides_among_equals() -> None:
    groups = [str(number) for number in range(50)]
    assert grouped_folds(groups, seed=1) == grouped_folds(groups, seed=1)
    assert grouped_folds(groups, seed=1) != grouped_folds(groups, seed=2)
    assert sorted(map(grouped_folds(groups).count, range(5))) == [10] * 5
