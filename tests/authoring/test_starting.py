from pathlib import Path

import pytest

from rbrctl.authoring.formatting import format_text
from rbrctl.authoring.starting import CHOICES, starter_files, write_new
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.loader import load


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
    with pytest.raises(UsageError, match=r"rules/rules\.yaml is there already"):
        write_new(tmp_path, starter_files())
    assert [path.name for path in files(tmp_path)] == ["rules.yaml"]


def test_an_unknown_rule_set_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'safety'"):
        starter_files("saftey")
