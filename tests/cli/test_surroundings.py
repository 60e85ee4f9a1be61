"""The command line where its files, streams and names are not what they should be."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.errors import FileError
from rbrctl.rewards.synthesis.appended_lines import AppendedLines

HEAD = """\
rbrctl: 1
name: mine
version: 1.0.0
ranks: [good, bad]
response_classes: {c: {description: Politeness.}}
"""
RULE = "  %s: {text: Be so., response_classes: [c], require: %s, otherwise: bad}\n"


def _rules(count: int, requirements: list[str]) -> str:
    names = "".join(f"  p{n}: {{statement: S {n}., question: Is {n}?}}\n" for n in range(count))
    rules = "".join(RULE % (f"r{n}", each) for n, each in enumerate(requirements))
    return f"{HEAD}propositions:\n{names}rules:\n{rules}"


def _shell(command: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    own = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}
    program = f'"{sys.executable}" -m rbrctl'
    return subprocess.run(
        ["bash", "-c", command.replace("rbrctl", program, 1)],
        cwd=folder,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _calls(work: Callable[[], object]) -> int:
    count = 0

    def on_event(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(on_event)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("word", ["and", "or"])
def test_twice_the_terms_take_twice_the_work(
    tmp_path: Path, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    work = []
    for terms in (250, 500, 1000):
        path = tmp_path / f"{terms}.yaml"
        path.write_text(_rules(1, [f" {word} ".join(["p0"] * terms)]))
        work.append(_calls(lambda file=str(path): run(["validate", file])))
    capsys.readouterr()
    # The first run also imports what it needs.
    assert work[2] < 3 * work[1]


def test_a_doubling_tree_of_definitions_is_not_written_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = "".join(f"  d{n}: d{n - 1} and d{n - 1}\n" for n in range(1, 60))
    text = _rules(1, ["d59"]).replace("rules:", f"definitions:\n  d0: p0\n{tree}rules:")
    (tmp_path / "rules.yaml").write_text(text)
    assert run(["explain", "r0", "--rules", str(tmp_path / "rules.yaml")]) == 0
    assert "an expression of more than 1,000 names" in capsys.readouterr().out


def test_a_huge_rule_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD)
    os.truncate(path, 3 << 30)
    for command, code in (("validate rules.yaml", 1), ("fmt rules.yaml", 2), ("validate .", 1)):
        done = _shell(f"ulimit -v 2000000; rbrctl {command}", tmp_path)
        assert done.returncode == code, done.stderr
        assert "larger than 16 MB" in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["grade -", "validate -", "score -", "fmt -"])
def test_a_closed_standard_input_is_an_error(tmp_path: Path, command: str) -> None:
    done = _shell(f"rbrctl {command} <&-", tmp_path)
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    ("format_", "name"),
    [("text", "::error::x"), ("junit", "::error::x"), ("github", "a\n::error::x")],
)
def test_no_line_is_a_command_to_a_runner(tmp_path: Path, format_: str, name: str) -> None:
    (tmp_path / name).write_text(_rules(1, ["p0 and p0"]))
    done = _shell(f'rbrctl validate -f {format_} "$NAME"', tmp_path, NAME=name)
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    commands = [line for line in lines if line.lstrip().startswith(("::", "##["))]
    expected = ("::warning ", "::notice ") if format_ == "github" else ()
    assert [line for line in commands if not line.startswith(expected or "\0")] == []


def test_a_pipe_that_nobody_reads_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = _shell("rbrctl grade builtin:fixtures -o pipe", tmp_path)
    assert done.returncode == 2
    assert "a pipe that no program reads" in done.stderr


GRADE = "grade builtin:fixtures --quiet -o"
EXPORT = "reward export results.jsonl --transcripts texts.jsonl --as unpaired --quiet -o"
BATCH = "batch write texts.jsonl --quiet --model m --base-url http://127.0.0.1:9/v1 --cache c -o"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graded")
    shipped = Path(__file__).parents[2] / "fixtures" / "transcripts.jsonl"
    (folder / "texts.jsonl").write_bytes(shipped.read_bytes())
    done = _shell(f"rbrctl {GRADE} results.jsonl", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (f"{GRADE} /dev/full", 2, "cannot write /dev/full: no space left on device"),
        (f"{GRADE} .", 2, "cannot write .: it is a folder"),
        (f"{GRADE} nowhere/r.jsonl", 2, "the folder nowhere does not exist"),
        (f"{GRADE} /dev/stdout >/dev/null", 0, ""),
        (f"{GRADE} /dev/stdout | head -n 1", 2, "its reader has gone"),
        (f"{GRADE} /dev/null | head -n 1", 0, ""),
        ("validate builtin:safety -f json >/dev/full", 2, "standard output cannot be written"),
        ("explain | head -n 1", 0, ""),
        (f"{EXPORT} - >&-", 2, "standard output"),
        (f"{EXPORT} - >/dev/full", 2, "standard output"),
        (f"{EXPORT} /dev/full", 2, "no space left on device"),
        (f"{EXPORT} - | head -n 1", 0, ""),
        (f"{EXPORT} .", 2, "it is a folder"),
        (f"{BATCH} -", 2, "--output -: the questions go to files"),
        (f"{BATCH} /dev/full", 2, "--output /dev/full: the questions go to files"),
        (f"{BATCH} nowhere/b", 2, "the folder nowhere does not exist"),
    ],
)
def test_an_output_that_cannot_be_is_an_error(
    graded: Path, command: str, code: int, message: str
) -> None:
    done = _shell(f"set -o pipefail; rbrctl {command}", graded)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert bool(message) == ("error:" in done.stderr)
    assert "unexpected" not in done.stderr
    assert "Traceback" not in done.stderr


BREAKS = ("\v", "\f", "\x1c", "\x85", "\u2028", "\u2029")
COMMAND = "::error::x"


def _commands(text: str) -> list[str]:
    """Return the lines that GitHub's runner would obey, by whatever ends a line."""
    return [line for line in text.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.parametrize("format_", ["text", "json", "csv", "markdown", "junit", "html"])
@pytest.mark.parametrize("ending", BREAKS)
def test_no_name_of_a_row_begins_a_line(
    tmp_path: Path,
    format_: str,
    ending: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"a{ending}{COMMAND}"
    row = {
        "id": name,
        "prompt": "Hi.",
        "completion": "No.",
        "category": name,
        "response_class": name,
        "labels": {name: True},
    }
    (tmp_path / "texts.jsonl").write_text(
        json.dumps(row, ensure_ascii=False) + "\n" + "[1]\n", "utf-8"
    )
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code = run(["grade", str(tmp_path / "texts.jsonl"), "-f", format_])
    shown = capsys.readouterr()
    assert code in (2, 4), shown.err
    assert _commands(shown.out + "\n" + shown.err) == []
    assert not summary.exists() or _commands(summary.read_text("utf-8")) == []


def test_the_summary_of_a_step_holds_no_command(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    Output({"GITHUB_STEP_SUMMARY": str(path)}).summarize(f"# Title\n{COMMAND}\n\u2028##[group]x")
    assert _commands(path.read_text("utf-8")) == []
    assert "# Title\n" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("batch-00001.jsonl", "batch submit batch-00001.jsonl"),
        ("batch-00001.batch.json", "batch status batch-00001.jsonl"),
    ],
)
def test_a_huge_file_of_a_batch_is_refused_by_its_size(
    tmp_path: Path, name: str, command: str
) -> None:
    (tmp_path / "batch-00001.jsonl").write_text("{}\n")
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, 3 << 30)
    address = "--model m --base-url http://127.0.0.1:9/v1"
    done = _shell(f"ulimit -v 2000000; rbrctl {command} {address}", tmp_path)
    assert done.returncode == 2, done.stderr
    assert f"{name}: it has more than" in done.stderr


def test_a_huge_file_of_synthesis_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.touch()
    os.truncate(path, 3 << 30)
    with pytest.raises(FileError, match="has more than 1,073,741,824 bytes"):
        AppendedLines(str(path), "completions", write=False)
