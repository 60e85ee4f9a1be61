import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from rbrctl.authoring.starting import starter_files, write_new
from rbrctl.cli.registry import ENTRIES


def complete(words: str) -> list[str]:
    outcome = subprocess.run(
        [sys.executable, "-m", "rbrctl"],
        env={
            **os.environ,
            "_RBRCTL_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stderr == ""
    return outcome.stdout.split()


def test_commands_and_options_complete() -> None:
    assert complete("rbrctl sche") == ["schema"]
    assert complete("rbrctl schema --qu") == ["--quiet"]
    assert complete("rbrctl --color al") == ["always"]


def test_names_of_the_rules_complete(
    program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.entries.extend(ENTRIES)

    def complete(words: str) -> list[str]:
        monkeypatch.setenv("_RBRCTL_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
        outcome = program()
        assert outcome.stderr == ""
        return outcome.stdout.split()

    assert complete("rbrctl explain same-") == ["same-definition", "same-question"]
    assert complete("rbrctl score --rule comply-e") == ["comply-engages"]
    write_new(tmp_path, starter_files())
    assert complete("rbrctl score --rule helps-") == ["helps-at-all", "helps-fully"]
    assert complete("rbrctl explain helps-") == ["helps-at-all", "helps-fully"]
    assert "comply-engages" in complete("rbrctl explain --rules builtin:safety comply-e")
    (tmp_path / "rules" / "rules.yaml").write_text("rules: [")
    assert complete("rbrctl score --rule helps-") == []
    assert complete("rbrctl explain same-") == ["same-definition", "same-question"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_can_be_shown(shell: str) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "rbrctl", "--show-completion", shell],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0
    assert "_RBRCTL_COMPLETE" in outcome.stdout


def test_completing_names_imports_no_command(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def grade(rules: Annotated[str, typer.Option("--rules")] = "rules") -> None:
        return None

    program.add("grade", grade)
    del sys.modules["rbrctl.cli.commands.sample_grade"]
    monkeypatch.setenv("_RBRCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "rbrctl gr")
    monkeypatch.setenv("COMP_CWORD", "1")
    outcome = program()
    assert outcome.stdout.split() == ["grade"]
    assert "rbrctl.cli.commands.sample_grade" not in sys.modules
