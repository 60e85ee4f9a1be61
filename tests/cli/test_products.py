"""No command writes over what it reads."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rbrctl.cli.files import check_output_paths
from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.errors import FileError, UsageError

Commands = tuple[str, ...]


@pytest.mark.parametrize(
    "arguments",
    [
        ("grade", "a", "-o", "a", "--overwrite"),
        ("grade", "a", "-o", "b", "--calibration", "b"),
        ("grader", "calibrate", "a", "-o", "./a"),
        ("grader", "train", "b", "a", "-o", "a"),
        ("grader", "train", "b", "-o", "c", "--held-out", "c"),
        ("batch", "write", "batch-00001.jsonl", "--model", "m", "--base-url", "http://h/v1"),
        ("reward", "fit", "a", "-o", "a"),
        ("reward", "fit", "a", "-o", "b", "--weights-from", "b"),
        ("reward", "evaluate", "a", "-w", "b", "--picture", "b"),
        ("reward", "export", "a", "--transcripts", "b", "--as", "sft", "-o", "b"),
    ],
)
def test_a_product_that_is_an_input_is_refused_before_any_work(
    arguments: Commands,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "batch-00001.jsonl"):
        Path(name).write_text("{}\n")
    assert run(arguments, output=Output({})) == 2
    assert "would overwrite" in " ".join(capsys.readouterr().err.split())
    assert {Path(name).read_text() for name in ("a", "b", "batch-00001.jsonl")} == {"{}\n"}
    assert not Path("c").exists()


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_another_name_of_the_same_file_is_the_same(
    link: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("x")
    link(first, second)
    with pytest.raises(UsageError, match=r"--sft .*second would overwrite the prompts"):
        check_output_paths({"--sft": str(second)}, {"the prompts": str(first)})


def test_files_that_are_not_there_yet_are_told_apart(tmp_path: Path) -> None:
    check_output_paths({"-o": str(tmp_path / "a"), "--sft": str(tmp_path / "b")}, {})
    with pytest.raises(UsageError, match=r"--sft .* would overwrite -o"):
        check_output_paths({"-o": str(tmp_path / "a"), "--sft": f"{tmp_path}/./a"}, {})


def test_pipes_may_come_twice_and_what_cannot_be_written_is_told() -> None:
    check_output_paths({"-o": os.devnull, "--sft": os.devnull}, {"the prompts": os.devnull})
    check_output_paths({"-o": None}, {"the prompts": "-", "--also": ("-", "x"), "--weights": None})
    with pytest.raises(FileError, match="standard output is for the report"):
        check_output_paths({"-o": "-"}, {"the prompts": "-"})
    with pytest.raises(FileError, match="the folder /none does not exist"):
        check_output_paths({"-o": "/none/a"}, {})
