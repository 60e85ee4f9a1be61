import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from rbrctl.authoring.formatting import format_text
from rbrctl.authoring.starting import CHOICES, WORKFLOW, starter_files, write_new
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge


@pytest.mark.parametrize("kind", CHOICES)
def test_a_new_rule_set_validates_and_its_tests_pass(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    assert run(["init", "new", "--from", kind], output=Output({})) == 0
    listed = capsys.readouterr().out.splitlines()
    assert sorted(listed) == sorted(str(p.relative_to(tmp_path)) for p in files(tmp_path / "new"))
    monkeypatch.chdir(tmp_path / "new")
    assert run(["validate"], output=Output({})) == 0
    assert run(["test"], output=Output({})) == 0
    assert run(["fmt", "--check"], output=Output({})) == 0
    ruleset = load("rules")
    transcripts = list(read_transcripts("fixtures/transcripts.jsonl", raise_problem))
    assert transcripts
    for transcript in transcripts:
        assert ruleset.resolve_response_class(transcript.response_class or "") is not None
        assert set(transcript.labels) <= set(ruleset.propositions)


def test_the_fixtures_of_the_starter_go_through_grading_fitting_and_comparing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    write_new(tmp_path, starter_files())
    graded = ["grade", "fixtures/transcripts.jsonl", "-o", "results.jsonl"]
    assert run(graded, output=Output({})) == 0
    fit = ["reward", "fit", "results.jsonl", "--pairs", "class", "-o", "weights.yaml"]
    assert run(fit, output=Output({})) == 0
    shutil.copytree("rules", "new")
    gates = ["--fail-on", "default,flips:0"]
    assert run(["diff", "rules", "new", "--on", "results.jsonl", *gates], output=Output({})) == 0
    capsys.readouterr()


@pytest.mark.parametrize("kind", CHOICES)
def test_the_fixtures_rank_labels_are_what_their_labels_say(kind: str, tmp_path: Path) -> None:
    write_new(tmp_path, starter_files(kind))
    judge = Judge(load(tmp_path / "rules"))
    fixtures = str(tmp_path / "fixtures" / "transcripts.jsonl")
    for transcript in read_transcripts(fixtures, raise_problem):
        verdict = judge.verdict(transcript.response_class or "", transcript.labels)
        assert (transcript.id, verdict.rank) == (transcript.id, transcript.rank_label)


def test_the_workflow_installs_no_package_that_nobody_named() -> None:
    steps = yaml.safe_load(starter_files()[WORKFLOW])["jobs"]["rules"]["steps"]
    (install,) = [step["run"] for step in steps if "pip install" in step.get("run", "")]
    bash = ["bash", "-eo", "pipefail", "-c", f"pip() {{ echo $@; }}; {install}"]
    path = {"PATH": os.environ["PATH"]}
    named = {**path, "RBRCTL": "git+https://example.org/rbrctl@1"}
    ran = subprocess.run(bash, env=named, capture_output=True, text=True, check=True)
    assert ran.stdout == "install git+https://example.org/rbrctl@1\n"
    unset = {**path, "RBRCTL": ""}
    ran = subprocess.run(bash, env=unset, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "set the variable RBRCTL to what pip installs rbrctl from" in ran.stderr


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", CHOICES)
def test_each_file_names_the_schema_beside_it(kind: str, tmp_path: Path) -> None:
    write_new(tmp_path, starter_files(kind))
    rules = list((tmp_path / "rules").rglob("*.yaml"))
    assert rules
    for path in rules:
        first = path.read_text().splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / schema).resolve() == tmp_path / "rules" / "schema.json"
        assert not format_text(path.read_text(), path.name).changed


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"rules/rules\.yaml already exists"):
        write_new(tmp_path, starter_files())
    assert [path.name for path in files(tmp_path)] == ["rules.yaml"]


def test_an_unknown_rule_set_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'safety'"):
        starter_files("saftey")


@pytest.mark.parametrize("name", ["rules", ".github", "fixtures"])
def test_a_link_out_of_the_folder_is_not_followed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / name).symlink_to(tmp_path / "outside")
    assert run(["init", str(tmp_path / "new")], output=Output({})) == 2
    assert "a symbolic link leads out of" in capsys.readouterr().err
    assert list((tmp_path / "outside").iterdir()) == []
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]
