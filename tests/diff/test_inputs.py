import io
from pathlib import Path

import pytest
from small_results import small_result

from rbrctl.diff.answer_table import table_of
from rbrctl.diff.inputs import read_inputs
from rbrctl.errors import FileError
from rbrctl.records.json_lines import encode_line, write_json_lines
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.results import result_to_json

RESULTS = [small_result(0, {"a": True}), small_result(1, {"a": False})]
TRANSCRIPT = {"prompt": "p", "completion": "q", "response_class": "c", "labels": {"a": True}}


def test_results_are_read_from_a_file_and_from_a_stream(tmp_path: Path) -> None:
    rows = [result_to_json(result) for result in RESULTS]
    write_json_lines(tmp_path / "r.jsonl", rows)
    stream = io.BytesIO(b"".join(map(encode_line, rows)))
    expected = table_of(RESULTS)
    assert read_inputs(tmp_path / "r.jsonl", raise_problem) == expected
    assert read_inputs(stream, raise_problem) == expected


def test_labels_are_the_answers_of_transcripts() -> None:
    stream = io.BytesIO(b"{\n" + encode_line(TRANSCRIPT) + encode_line(TRANSCRIPT))
    problems = ProblemLog()
    table = read_inputs(stream, problems)
    assert [problem.line for problem in problems.items] == [1]
    assert table.answers.true == {"a": 0b11}
    assert table.labels.true == {}
    assert [grader.kind for grader in table.graders] == ["labels"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        read_inputs(tmp_path / "missing.jsonl", raise_problem)
    assert read_inputs(io.BytesIO(b""), raise_problem).size == 0
