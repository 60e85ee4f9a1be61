"""The command line where its files, streams and names are not what they should be."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rbrctl.cli.main import run

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
