"""The compact index behaves as a dictionary and stays small."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from rbrctl.records.compact_index import CompactIndex


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 2**64 - 1))))
def test_it_behaves_as_a_dictionary(entries: list[tuple[str, int]]) -> None:
    index, oracle = CompactIndex(), dict(entries)
    for text, number in entries:
        index.set(text, number)
    assert len(index) == len(oracle)
    assert {text: index.get(text) for text in oracle} == oracle
    assert index.get("not there") is None


def test_a_hundred_thousand_entries_take_a_few_megabytes() -> None:
    tracemalloc.start()
    try:
        index = CompactIndex()
        for number in range(100_000):
            index.set(f"transcript {number}", number)
        used, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 5_000_000
    assert peak < 8_000_000
    assert all(index.get(f"transcript {number}") == number for number in range(100_000))
