import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.errors import UsageError
from rbrctl.rewards.pairs import forming as pairs_module
from rbrctl.rewards.pairs.forming import form_pairs

LABELS = np.arange(3)
BEATS = LABELS[:, None] < LABELS


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=40),
    block=st.integers(1, 60),
)
def test_pairs_are_those_of_brute_force(rows: list[tuple[int, int]], block: int) -> None:
    groups = np.array([group for group, _ in rows], dtype=np.intp)
    labels = np.array([label for _, label in rows], dtype=np.intp)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs_module, "_BLOCK", block)
        formed = form_pairs(groups, labels, BEATS)
    expected = {
        (i, j)
        for i, (group, label) in enumerate(rows)
        for j, (other, worse) in enumerate(rows)
        if group == other and label < worse
    }
    found = list(zip(formed.better.tolist(), formed.worse.tolist(), strict=True))
    assert set(found) == expected
    assert len(found) == len(expected)


def test_labels_that_the_ordering_does_not_compare_make_no_pair() -> None:
    beats = np.zeros((3, 3), dtype=bool)
    beats[0, 2] = True
    formed = form_pairs(np.zeros(3, dtype=np.intp), np.array([0, 1, 2]), beats)
    assert (formed.better.tolist(), formed.worse.tolist()) == ([0], [2])


def test_groups_that_would_fill_the_memory_are_refused() -> None:
    groups = np.zeros(10_000, dtype=np.intp)
    with pytest.raises(UsageError, match="100,000,000 pairs"):
        form_pairs(groups, groups, BEATS)
