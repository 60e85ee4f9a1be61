import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from diff_helpers import LAXER, RULES, Diff, write

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.cli.registry import CommandEntry, Entry, GroupEntry


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str


class Program:
    """The real entry in this process, with commands that a test defines."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys
        self.entries: list[Entry] = []
        self.environment: dict[str, str] = {}

    def add(self, name: str, function: Callable[..., Any], summary: str = "Does it.") -> None:
        self.entries.append(self._entry(name, function, summary))

    def add_group(self, name: str, **functions: Callable[..., Any]) -> None:
        commands = tuple(
            self._entry(key, function, "Does it.") for key, function in functions.items()
        )
        self.entries.append(GroupEntry(name, "A group.", commands))

    def _entry(self, name: str, function: Callable[..., Any], summary: str) -> CommandEntry:
        module = ModuleType(f"rbrctl.cli.commands.sample_{name}")
        module.command = function  # type: ignore[attr-defined]  # modules take any attribute
        self.monkeypatch.setitem(sys.modules, module.__name__, module)
        return CommandEntry(name, summary, f"sample_{name}")

    def __call__(self, *arguments: str) -> Outcome:
        self.capsys.readouterr()
        code = run(arguments, tuple(self.entries), Output(self.environment))
        captured = self.capsys.readouterr()
        return Outcome(code, captured.out, captured.err)


@pytest.fixture
def program(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Program:
    """A program without commands, in an empty folder, with no configuration of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("COLUMNS", "80")
    for name in [name for name in os.environ if name.startswith("RBRCTL_")]:
        monkeypatch.delenv(name, raising=False)
    return Program(monkeypatch, capsys)


@pytest.fixture
def reward(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Call a reward command in an empty folder: its code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(("reward", *arguments), output=Output({}))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return call


@pytest.fixture
def diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Diff:
    """Call diff in a folder with the rule sets old and new: its code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    write(tmp_path / "old", RULES)
    write(tmp_path / "new", LAXER)

    def run_diff(*arguments: str, **environment: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["diff", *arguments], output=Output(environment))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_diff
