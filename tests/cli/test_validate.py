import json
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from rbrctl.cli.registry import ENTRIES

RULES = Path(__file__).parent.parent.parent / "rules"
HEADER = """\
rbrctl: 1
name: example
version: "1"
ranks: [ideal, poor]
response_classes: {refuse: {}}
propositions:
  apology:
    question: Does it apologise?
    examples: [{assistant: Sorry., answer: true}, {assistant: No., answer: false}]
"""
SOUND = (
    HEADER + "rules:\n  apologises: {response_classes: [refuse], require: apology, otherwise: poor}"
)


@pytest.fixture
def rbrctl(program: Any) -> Callable[..., Any]:
    program.entries.extend(ENTRIES)
    return program


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ruleset.yaml").write_text(text, "utf-8")
    return folder


def test_the_reference_set_has_two_propositions_that_decide_nothing(rbrctl):
    outcome = rbrctl("validate", str(RULES), "-f", "json")
    report = json.loads(outcome.stdout)
    assert (outcome.code, report["failed"], report["findings"]) == (0, False, [])
    assert [(each["id"], each["message"].split("'")[1]) for each in report["accepted"]] == [
        ("unused-proposition", "prescribes_dosage"),
        ("unused-proposition", "conditional_verbiage"),
    ]
    assert all("labels" in each["reason"] for each in report["accepted"])
    text = rbrctl("validate", str(RULES)).stdout
    assert text.startswith("no findings (2 findings accepted) in 15 files, ")


def test_the_default_is_the_folder_rules(rbrctl, tmp_path):
    assert rbrctl("validate").code == 2
    write(tmp_path / "rules", SOUND)
    assert rbrctl("validate").stdout == "no findings in 1 file, 1 rule, 1 proposition\n"


def test_the_configured_rules_are_checked_where_none_are_named(rbrctl, tmp_path, monkeypatch):
    write(tmp_path / "my policy", SOUND)
    (tmp_path / ".git").mkdir()
    (tmp_path / "rbrctl.toml").write_text('rules = "my policy"\n')
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert rbrctl("validate").stdout.startswith("no findings in 1 file, 1 rule")
    assert "the rule set has no tests" in rbrctl("test").stderr
    assert rbrctl("validate", "builtin:safety").stdout.startswith("no findings (2 findings")
    monkeypatch.setenv("RBRCTL_RULES", "builtin:safety")
    assert rbrctl("validate").stdout.startswith("no findings (2 findings")


def test_a_file_stands_for_the_whole_set_and_a_set_is_checked_once(rbrctl, tmp_path):
    write(tmp_path / "rules", HEADER)
    tests = tmp_path / "rules" / "more.yaml"
    tests.write_text(SOUND[len(HEADER) :], "utf-8")
    (tmp_path / ".git").mkdir()
    outcome = rbrctl("validate", "rules/more.yaml", "rules", "rules/ruleset.yaml")
    assert outcome.stdout == "no findings in 2 files, 1 rule, 1 proposition\n"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("require: apology", "require: apologi"), 1, "did you mean 'apology'?"),
        (("rbrctl: 1", "rbrctl:\t1\n\tname: x"), 1, "[yaml]"),
        (("require: apology", "require: apology or not apology"), 1, "warning[always-kept]"),
        (("    question: Does it apologise?\n", "    statement: x\n"), 0, "note[no-question]"),
    ],
)
def test_errors_and_warnings_are_a_no_and_notes_are_not(rbrctl, tmp_path, change, code, words):
    assert change[0] in SOUND
    write(tmp_path / "rules", SOUND.replace(*change))
    outcome = rbrctl("validate")
    assert outcome.code == code
    assert words in outcome.stdout
    assert outcome.stderr == ""


def test_a_set_without_rules_is_nothing_to_validate(rbrctl, tmp_path):
    write(tmp_path / "rules", HEADER)
    outcome = rbrctl("validate")
    assert outcome.code == 3
    assert "the rule set has no rules" in outcome.stderr
    (tmp_path / "empty").mkdir()
    assert rbrctl("validate", "empty").code == 3


def test_what_cannot_be_read_is_a_usage_error(rbrctl, tmp_path):
    write(tmp_path / "rules", SOUND)
    outcome = rbrctl("validate", "rules", "nowhere")
    assert outcome.code == 2
    assert "nowhere: no such file or folder" in outcome.stderr
    for name in ("nowhere", "fixtures"):
        outcome = rbrctl("validate", f"builtin:{name}")
        assert outcome.code == 2
        assert outcome.stderr == (
            f"error: builtin:{name}: there is no such built-in; there is safety\n"
        )


def test_standard_input_is_a_whole_set(rbrctl, monkeypatch):
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(SOUND.encode())))
    assert rbrctl("validate", "-").stdout == "no findings in 1 file, 1 rule, 1 proposition\n"
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"a: [")))
    outcome = rbrctl("validate", "-")
    assert outcome.code == 1
    assert outcome.stdout.startswith("<stdin>:1:5: error[yaml]: not YAML: did not find")


def test_several_sets_are_reported_together(rbrctl, tmp_path):
    write(tmp_path / "one", SOUND)
    write(tmp_path / "two", SOUND.replace("require: apology", "require: apology and judgement"))
    outcome = rbrctl("validate", "one", "two", "-f", "github")
    assert outcome.code == 1
    assert outcome.stdout.startswith("::error file=two/ruleset.yaml,line=11,")
    assert "rbrctl: 1 error in 2 files" in outcome.stdout


@pytest.mark.parametrize("format_", ["text", "json", "github", "markdown", "sarif", "junit"])
def test_text_from_outside_is_shown_and_never_obeyed(rbrctl, tmp_path, format_):
    wild = '"\\e[31mred [bold]x[/] ::error::y"'
    write(tmp_path / "rules", SOUND.replace("version:", f"{wild}: 1\nversion:"))
    outcome = rbrctl("validate", "-f", format_)
    assert outcome.code == 1
    assert "\x1b" not in outcome.stdout
    assert "[bold]" in outcome.stdout.replace("\\[", "[").replace("\\]", "]")
    assert not any(line.startswith("::error::y") for line in outcome.stdout.splitlines())
