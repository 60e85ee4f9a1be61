"""The composite action's own steps, run by bash in a repository as GitHub's runner does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INPUTS = {name: value.get("default", "") for name, value in ACTION["inputs"].items()}

RULES = """\
rbrctl: 1
name: small
version: "1"
ranks: [good, bad]
response_classes:
  c: {description: All.}
propositions:
  a:
    question: Is it a?
    examples:
      - {assistant: a, answer: true}
      - {assistant: b, answer: false}
  b:
    question: Is it b?
    examples:
      - {assistant: b, answer: true}
      - {assistant: a, answer: false}
rules:
  no-a: {text: No a., response_classes: [c], require: not a, otherwise: bad}
  no-b: {text: No b., response_classes: [c], require: not b, otherwise: bad}
tests:
  - {name: none, response_class: c, given: {}, expect: {rank: good, breaks: []}}
  - {name: with a, response_class: c, given: {a: true}, expect: {rank: bad, breaks: [no-a]}}
  - {name: with b, response_class: c, given: {b: true}, expect: {rank: bad, breaks: [no-b]}}
"""


def git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A pull request's checkout: rules on main, and a branch whose working tree is at hand."""
    program = tmp_path / "bin" / "rbrctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rbrctl "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "repository"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "ruleset.yaml").write_text(RULES)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "change")
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    return folder


def run_step(
    repository: Path, name: str, inputs: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == name]
    values = {**INPUTS, **(inputs or {})}
    given = {key: _filled(text, values) for key, text in step.get("env", {}).items()}
    environment = {
        **{
            key: value for key, value in os.environ.items() if not key.startswith(("GIT", "RBRCTL"))
        },
        "PATH": f"{repository.parent / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(repository.parent / "summary.md"),
        "RUNNER_TEMP": str(repository.parent),
        "XDG_CONFIG_HOME": str(repository.parent / "own"),
        **given,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _filled(text: str, inputs: dict[str, Any]) -> str:
    name = text.removeprefix("${{ inputs.").removesuffix(" }}")
    return str(inputs[name])


def test_sound_rules_pass_and_leave_a_sarif_file(repository: Path) -> None:
    outcome = run_step(repository, "Validate the rules")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert (repository.parent / "rbrctl.sarif").read_text().startswith("{")
    assert run_step(repository, "Test the rules").returncode == 0


def test_a_mistake_is_an_annotation(repository: Path) -> None:
    (repository / "rules" / "ruleset.yaml").write_text(RULES.replace("not b", "not zzz"))
    outcome = run_step(repository, "Validate the rules")
    assert outcome.returncode == 1
    assert "::error file=rules/ruleset.yaml,line=" in outcome.stdout
    assert '"level": "error"' in (repository.parent / "rbrctl.sarif").read_text()


def test_a_laxer_change_is_blocked_where_that_is_asked(repository: Path) -> None:
    text = RULES.replace("require: not b", "require: not b or a").split("tests:")[0]
    (repository / "rules" / "ruleset.yaml").write_text(text)
    assert run_step(repository, "Compare with the target branch").returncode == 0
    (repository / "rules" / "ruleset.yaml").write_text(
        text.replace("require: not a", "require: not a or b")
    )
    outcome = run_step(repository, "Compare with the target branch", {"fail-on": "laxer"})
    assert outcome.returncode == 1
    assert "title=diff-blocked::laxer: c is laxer" in outcome.stdout
    assert "c` is **laxer**" in (repository.parent / "summary.md").read_text()


def test_a_severity_that_is_lowered_or_a_laxer_rule_is_blocked_by_default(
    repository: Path,
) -> None:
    critical = RULES.replace("require: not a,", "severity: critical, require: not a,")
    (repository / "rules" / "ruleset.yaml").write_text(critical)
    git(repository, "commit", "-q", "-a", "-m", "three")
    git(repository, "branch", "-q", "-f", "main")
    for change, gate in (
        (RULES, "protection: no-a is normal, and was critical"),
        (critical.replace("require: not b", "require: not (a and b)"), "laxer: c is laxer"),
    ):
        text = change.split("tests:")[0]
        (repository / "rules" / "ruleset.yaml").write_text(text)
        outcome = run_step(repository, "Compare with the target branch")
        assert outcome.returncode == 1, outcome.stdout + outcome.stderr
        assert f"title=diff-blocked::{gate}" in outcome.stdout
        assert "✅" not in (repository.parent / "summary.md").read_text()


def write_transcripts(file: Path) -> None:
    """Rows on whose label 'a' the cue 'apple' is always right."""
    rows = [
        {
            "prompt": f"p{n}",
            "completion": "an apple" if n % 4 else "a pear",
            "response_class": "c",
            "labels": {"a": n % 4 != 0, "b": False},
        }
        for n in range(48)
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_transcripts_are_graded_by_both_sides_rules_so_that_the_gate_can_judge(
    repository: Path,
) -> None:
    cued = RULES.replace("Is it a?", "Is it a?\n    cues: [apple]").replace(
        "Is it b?", "Is it b?\n    cues: [banana]"
    )
    (repository / "rules" / "ruleset.yaml").write_text(cued)
    git(repository, "commit", "-q", "-a", "-m", "three")
    git(repository, "branch", "-q", "-f", "main")
    write_transcripts(repository / "transcripts.jsonl")
    (repository / "rules" / "ruleset.yaml").write_text(cued.replace("[apple]", "[apricot]"))
    inputs = {"on": "transcripts.jsonl"}
    for given in (inputs, {**inputs, "fail-on": "regression,flips:100"}):
        outcome = run_step(repository, "Compare with the target branch", given)
        assert outcome.returncode == 1, outcome.stdout + outcome.stderr
        assert "title=diff-blocked::regression: no-a: accuracy fell from 1.000" in outcome.stdout
    results = [repository / "transcripts.jsonl", "--rules", "rules", "-o", "results.jsonl"]
    command = [sys.executable, "-m", "rbrctl", "grade", *map(str, results)]
    subprocess.run(command, cwd=repository, check=True, capture_output=True)
    outcome = run_step(repository, "Compare with the target branch", {"on": "results.jsonl"})
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_rules_that_are_new_are_compared_with_nothing_and_it_is_said(repository: Path) -> None:
    (repository / "more").mkdir()
    (repository / "more" / "ruleset.yaml").write_text(RULES)
    outcome = run_step(repository, "Compare with the target branch", {"rules": "more"})
    assert outcome.returncode == 0
    assert "::notice title=rbrctl diff::nothing was compared" in outcome.stdout
    assert "has no more yet" in outcome.stderr


def test_no_input_is_ever_part_of_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_the_hooks_are_commands_of_the_program() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["entry"] for hook in hooks} == {"rbrctl validate", "rbrctl test", "rbrctl fmt"}
    for hook in hooks:
        outcome = subprocess.run(
            [sys.executable, "-m", *hook["entry"].split(), "--help"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert outcome.returncode == 0
