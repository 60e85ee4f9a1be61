import io
import json
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.diff.answer_table import AnswerTable, table_of
from rbrctl.diff.table_file import read_table
from rbrctl.records.problems import ProblemLog
from rbrctl.records.results import read_results

ROW: dict[str, Any] = {
    "id": "r",
    "content": "c",
    "prompt": "p",
    "response_class": "comply",
    "response_class_source": "given",
    "labels": {"a": True},
    "rank_label": None,
    "category": None,
    "answers": {"a": {"p": 0.9, "source": "embedded", "digest": "q"}},
    "rules": {"r": "held"},
    "rank": "good",
    "rank_probabilities": {"good": 0.9},
    "axioms_broken": [],
    "grader": {"kind": "embedded", "digest": "g", "model": None, "mode": None},
    "ruleset": {"name": "n", "version": "1", "digest": "d"},
}

VALUES = st.sampled_from(
    [None, True, 0, 1, 0.4, 2.0, "", "comply", "bad", [], [1], {}, {"p": 1}, {"error": "no"}]
)
CHANGES = st.dictionaries(st.sampled_from([*ROW, "other"]), VALUES, max_size=3)
ANSWERS = st.sampled_from(
    [
        {"p": 0.1, "source": "s", "digest": "q"},
        {"p": 1, "source": "s", "digest": "q"},
        {"p": 0.7, "source": "s", "digest": "q", "repeats": [0.4, 0.9]},
        {"error": "timeout", "source": "s", "digest": "q"},
        {"p": 0.2},
        {"p": 1.2, "source": "s", "digest": "q"},
        {"p": 0.2, "source": 3, "digest": "q"},
        {"p": 0.2, "error": "both", "source": "s"},
    ]
)


def both_ways(rows: list[Any]) -> tuple[AnswerTable, AnswerTable, list[str], list[str]]:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()
    fast, slow = ProblemLog(), ProblemLog()
    return (
        read_table(io.BytesIO(text), fast),
        table_of(read_results(io.BytesIO(text), slow)),
        list(map(str, fast.items)),
        list(map(str, slow.items)),
    )


@examples(300)
@given(st.lists(st.tuples(CHANGES, ANSWERS), max_size=6))
def test_the_short_way_and_the_long_way_read_the_same(rows: list[tuple[dict, dict]]) -> None:
    made = [
        ROW | {"id": f"r{number}", "answers": {"a": answer}} | changes
        for number, (changes, answer) in enumerate(rows)
    ]
    fast, slow, told, expected = both_ways(made)
    assert fast == slow
    assert told == expected


def test_a_bad_line_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    twice = json.dumps(ROW)[:-1] + ', "id": "again"}'
    file.write_text("\n".join([json.dumps(ROW), "{", twice, json.dumps(ROW)]))
    problems = ProblemLog()
    assert read_table(file, problems).ids == ["r"]
    messages = [str(problem).removeprefix(f"{file}:") for problem in problems.items]
    assert messages[0].startswith("2: not JSON")
    assert messages[1:] == [
        '3: the key "id" appears twice in one object',
        '4: the id "r" is already on line 1',
    ]


@pytest.mark.parametrize("space", ["", " ", "  "])
def test_a_key_that_stands_twice_is_found_however_it_is_written(space: str) -> None:
    line = f'{{"id"{space}: "x", "labels"{space}: {{"a"{space}: true, "a"{space}: true}}}}'
    *_, told, expected = both_ways([line])
    assert told == expected == ['<stdin>:1: the key "a" appears twice in one object']
