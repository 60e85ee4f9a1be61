"""
Example files, one a case: valid ones read whole, invalid ones give the messages beside them.

Beside each file of an ``invalid`` folder stands ``NAME.expected``: a line for each problem.
"""

from pathlib import Path

import pytest

from rbrctl.records.problems import ProblemLog
from rbrctl.records.results import read_results
from rbrctl.records.transcripts import read_transcripts

FOLDER = Path(__file__).parent
READERS = {"transcripts": read_transcripts, "results": read_results}


def examples(kind: str) -> list[Path]:
    found = sorted(FOLDER.glob(f"*/{kind}/*.jsonl"))
    assert found
    return found


def label(path: Path) -> str:
    return f"{path.parts[-3]}/{path.stem}"


@pytest.mark.parametrize("path", examples("valid"), ids=label)
def test_valid_files_have_no_problem(path: Path) -> None:
    log = ProblemLog()
    read = list(READERS[path.parts[-3]](path, log, path.name))
    assert log.items == []
    assert len(read) == sum(1 for line in path.read_bytes().split(b"\n") if line.strip())


@pytest.mark.parametrize("path", examples("invalid"), ids=label)
def test_invalid_lines_give_the_expected_messages(path: Path) -> None:
    log = ProblemLog()
    read = list(READERS[path.parts[-3]](path, log, path.name))
    expected = path.with_suffix(".expected").read_text(encoding="utf-8")
    assert "".join(f"{item}\n" for item in log.items) == expected
    # Each file ends in one good line, to show that reading goes on.
    assert len(read) == 1
