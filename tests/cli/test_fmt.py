from pathlib import Path

import pytest

from rbrctl.cli.main import run
from rbrctl.cli.output import Output

TIDY = """\
rbrctl: 1
name: x
version: "1"
ranks: [good, bad]

response_classes: {c: {}}

propositions:
  a: {question: Is it a?}

rules:
  r: {response_classes: [c], require: a, otherwise: bad}
"""
UNTIDY = TIDY.replace("rbrctl: 1\nname: x", "name:   x\nrbrctl: 1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(UNTIDY)
    (tmp_path / "rules" / "b.yaml").write_text("tests: []\n")
    return tmp_path / "rules"


def fmt(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["fmt", *arguments], output=Output({}))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_files_are_written_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fmt(capsys) == (0, "rules/a.yaml\n", "1 file formatted, 1 file unchanged\n")
    assert (folder / "a.yaml").read_text() == TIDY
    assert fmt(capsys, "rules") == (0, "", "0 files formatted, 2 files unchanged\n")


def test_a_tidy_file_with_mistakes_is_not_passed_over_in_silence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mistaken = TIDY.replace("require: a", "require: a or b")
    (folder / "a.yaml").write_text(mistaken)
    for path in ("rules", "rules/a.yaml"):
        code, out, err = fmt(capsys, "--check", path)
        assert (code, out) == (0, "")
        assert err.endswith(
            f"unchanged\nthe rules have 1 error; 'rbrctl validate {path}' shows them\n"
        )


def test_check_and_diff_write_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = fmt(capsys, "--check")
    assert (code, out) == (1, "rules/a.yaml\n")
    assert err == "1 file would be formatted, 1 file unchanged\n"
    code, out, _ = fmt(capsys, "--diff", "rules/a.yaml")
    assert code == 1
    assert "-name:   x\n rbrctl: 1\n+name: x" in out
    assert (folder / "a.yaml").read_text() == UNTIDY


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("builtin:safety", 2, "only files can be formatted"),
        ("missing", 2, "no such file or folder"),
        ("rules/broken.yaml", 2, "not YAML"),
        ("rules/bytes.yaml", 2, "not UTF-8"),
        ("empty", 3, "no YAML files"),
    ],
)
def test_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], path: str, code: int, message: str
) -> None:
    (folder / "broken.yaml").write_text("a: [\n")
    (folder / "bytes.yaml").write_bytes(b"a: \xff\n")
    (folder.parent / "empty").mkdir()
    found, out, err = fmt(capsys, path)
    assert (found, out) == (code, "")
    assert message in err
    assert (folder / "a.yaml").read_text() == UNTIDY


@pytest.mark.parametrize("arguments", [(), ("rules",), ("rules/link.yaml",), ("--diff",), (".",)])
def test_a_link_out_of_the_folder_is_not_followed(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    (folder.parent / ".git").mkdir()
    outside = folder.parent / "elsewhere.yml"
    if arguments == (".",):
        outside = folder.parent.parent / f"{folder.parent.name}.yml"
    outside.write_text(UNTIDY)
    (folder / "link.yaml").symlink_to(outside)
    code, out, err = fmt(capsys, *arguments)
    assert code == 2
    assert "link.yaml: a" in err
    assert out == ""
    assert outside.read_text() == UNTIDY
    assert (folder / "a.yaml").read_text() == UNTIDY


def test_the_default_folder_is_not_followed_elsewhere_and_a_named_one_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = folder.parent.parent / f"{folder.parent.name}-elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    code, _, err = fmt(capsys)
    assert code == 2
    assert "rules: a symbolic link out of" in err
    assert (elsewhere / "a.yaml").read_text() == UNTIDY
    assert fmt(capsys, "rules")[0] == 0
    assert (elsewhere / "a.yaml").read_text() == TIDY
