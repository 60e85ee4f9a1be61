from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from rbrctl.cli.options import WideOption, output_of

ROOT = Path()


class Shape(StrEnum):
    FULL = "full"
    SHORT = "short"


def grade(
    context: typer.Context,
    rules: Annotated[str, typer.Option("--rules", metavar="PATH")] = "rules",
    min_n: Annotated[int, typer.Option("--min-n", min=1)] = 10,
    only: Annotated[list[str] | None, typer.Option("--describe")] = None,
    shape: Annotated[Shape, typer.Option("--reasoning")] = Shape.FULL,
    base_url: Annotated[str | None, typer.Option("--base-url")] = None,
    wide: WideOption = False,
) -> None:
    output_of(context).report(f"{rules} {min_n} {only} {shape.value} {base_url} {wide}")


def score(
    context: typer.Context, min_n: Annotated[int, typer.Option("--min-n", min=1)] = 10
) -> None:
    output_of(context).report(f"{min_n}")


@pytest.fixture
def graded(program: Any, tmp_path: Path) -> Any:
    (tmp_path / ".git").mkdir()
    program.add("grade", grade)
    program.add("score", score)
    program.add_group("grader", train=score)
    return program


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_configuration_the_defaults_hold(graded: Any) -> None:
    assert graded("grade").stdout == "rules 10 None full None False\n"


def test_options_beat_the_environment_which_beats_files(
    graded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "pyproject.toml", "[tool.rbrctl]\nmin-n = 3\n")
    assert graded("score").stdout == "3\n"
    monkeypatch.setenv("RBRCTL_MIN_N", "4")
    assert graded("score").stdout == "4\n"
    assert graded("score", "--min-n", "5").stdout == "5\n"


def test_every_kind_of_value(graded: Any, tmp_path: Path) -> None:
    write(
        tmp_path / "rbrctl.toml",
        'min_n = 7\ndescribe = ["a", "b"]\nreasoning = "short"\nwide = true\nrules = "policy"\n',
    )
    assert graded("grade").stdout == "policy 7 ['a', 'b'] short None True\n"


def test_environment_variables_of_every_kind(graded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("DESCRIBE", "a b"),
        ("REASONING", "short"),
        ("WIDE", "1"),
        ("BASE_URL", "http://x"),
    ):
        monkeypatch.setenv(f"RBRCTL_{name}", value)
    assert graded("grade").stdout == "rules 10 ['a', 'b'] short http://x True\n"


def test_a_commands_own_table_wins(graded: Any, tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        "[tool.rbrctl]\nmin-n = 3\n[tool.rbrctl.score]\nmin-n = 4\n"
        "[tool.rbrctl.grader.train]\nmin-n = 5\n",
    )
    assert graded("score").stdout == "4\n"
    assert graded("grader", "train").stdout == "5\n"
    assert " 3 " in graded("grade").stdout


def test_the_search_goes_up_to_the_repositorys_root_and_no_further(
    graded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "rbrctl.toml", 'min-n = 3\nrules = "policy"\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert graded("grade").stdout.startswith("../../policy 3 ")
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere\n")
    assert graded("score").stdout == "10\n"


def test_outside_of_a_repository_only_the_folder_itself_counts(
    graded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").rmdir()
    write(tmp_path / "rbrctl.toml", "min-n = 3\n")
    assert graded("score").stdout == "3\n"
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert graded("score").stdout == "10\n"


def test_rbrctl_toml_may_also_spell_out_the_table(graded: Any, tmp_path: Path) -> None:
    write(tmp_path / "rbrctl.toml", "[tool.rbrctl]\nmin-n = 3\n")
    write(tmp_path / "pyproject.toml", "[tool.rbrctl]\nmin-n = 9\n")
    assert graded("score").stdout == "3\n"


def test_the_users_own_file_yields_to_the_repositorys(graded: Any, tmp_path: Path) -> None:
    write(tmp_path / "own" / "rbrctl" / "config.toml", 'min-n = 3\nbase-url = "http://mine"\n')
    assert graded("grade").stdout == "rules 3 None full http://mine False\n"
    write(tmp_path / "rbrctl.toml", "min-n = 4\n")
    assert graded("grade").stdout == "rules 4 None full http://mine False\n"


@pytest.mark.parametrize(
    "setting",
    [
        'base_url = "http://evil.example"',
        'base-url = "http://evil.example"',
        'api-key-env = "OTHER"',
        'header = ["a: b"]',
        'rules = "https://evil.example/rules"',
    ],
)
@pytest.mark.parametrize("table", ["", "[grade]\n", "[score]\n"])
def test_a_repository_cannot_send_a_key_elsewhere(
    graded: Any, tmp_path: Path, setting: str, table: str
) -> None:
    write(tmp_path / "rbrctl.toml", f"{table}{setting}\n")
    outcome = graded("score" if table == "[score]\n" else "grade")
    key = setting.split()[0]
    line = 2 if table else 1
    assert outcome.code == 2
    assert outcome.stdout == ""
    assert f"rbrctl.toml:{line}: '{key}' may not be set by a file in a repo" in outcome.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min_m = 3\n", "rbrctl.toml:1: there is no option 'min_m'; did you mean 'min-n'?"),
        ("\n[score]\nwide = true\n", "rbrctl.toml:3: there is no option 'wide'"),
        ("[scores]\nmin-n = 3\n", "the table 'scores' names no command; did you mean 's"),
        ("[score.more]\nmin-n = 3\n", "the table 'score.more' names no command"),
        ("min-n = true\n", "rbrctl.toml:1: 'min-n' needs a string or a number"),
        ("[score]\nmin-n = [1]\n", "rbrctl.toml:2: 'min-n' needs a string or a number"),
        ('quiet = "yes"\n', "rbrctl.toml:1: 'quiet' is a flag; write true or false"),
        ("min-n = 0\n", "(set in "),
        ("min-n = 'x'\n", "rbrctl.toml:1)"),
        ("min-n = \n", "is not valid TOML: "),
        ("'\\u001b[2J' = 1\n", "there is no option '\\e[2J'"),
    ],
)
def test_mistakes_in_a_file_are_one_line_with_the_place(
    graded: Any, tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path / "rbrctl.toml", text.replace("'\\u001b[2J'", '"\\u001b[2J"'))
    outcome = graded("score")
    assert outcome.code == 2
    assert message in outcome.stderr.splitlines()[0]
    assert "Traceback" not in outcome.stderr


def test_an_option_of_another_command_is_known(graded: Any, tmp_path: Path) -> None:
    write(tmp_path / "rbrctl.toml", "wide = true\n")
    assert graded("score").code == 0


def test_a_mistake_in_the_environment_names_the_variable(
    graded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBRCTL_MIN_N", "many")
    outcome = graded("score")
    assert outcome.code == 2
    assert "(set by the variable RBRCTL_MIN_N)" in outcome.stderr


def test_help_does_not_read_the_configuration(graded: Any, tmp_path: Path) -> None:
    write(tmp_path / "rbrctl.toml", "this is no toml")
    assert graded("score", "--help").code == 0
    assert graded("--help").code == 0
    assert graded("score").code == 2


def test_color_can_be_configured_and_an_option_before_the_command_wins(
    graded: Any, tmp_path: Path
) -> None:
    def paint(context: typer.Context) -> None:
        output_of(context).report(output_of(context).palette.bold("x"))

    graded.add("paint", paint)
    assert graded("paint").stdout == "x\n"
    write(tmp_path / "rbrctl.toml", 'color = "always"\n')
    assert graded("paint").stdout == "\x1b[1mx\x1b[0m\n"
    assert graded("--color", "never", "paint").stdout == "x\n"
    assert graded("paint", "--color=never").stdout == "x\n"


def test_a_file_that_cannot_be_decoded(graded: Any, tmp_path: Path) -> None:
    (tmp_path / "rbrctl.toml").write_bytes(b"min-n = '\xff'\n")
    assert "is not valid TOML" in graded("score").stderr
