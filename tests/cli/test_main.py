import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from rbrctl import __version__
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.errors import FileError, NothingMatchedError, RuleSetError


def no() -> ExitCode:
    return ExitCode.NO


def greet(context: typer.Context, name: Annotated[str, typer.Option("--name")] = "world") -> None:
    output_of(context).report(f"hello {name}")


def test_version(program: Any) -> None:
    assert program("--version").stdout == f"rbrctl {__version__}\n"


def test_a_command_reports_on_stdout_and_its_result_is_the_exit_code(program: Any) -> None:
    program.add("greet", greet)
    program.add("no", no)
    outcome = program("greet", "--name", "you")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "hello you\n", "")
    assert program("no").code == 1


def test_a_group_holds_commands(program: Any) -> None:
    program.add_group("set", greet=greet)
    assert program("set", "greet").stdout == "hello world\n"
    assert program("set").code == 2
    assert "greet" in program("set").stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileError("x.yaml cannot be read"), 2),
        (RuleSetError("x.yaml:1:1: broken"), 2),
        (NothingMatchedError("no tests in x"), 3),
        (OSError(28, "No space left on device", "results.jsonl"), 2),
        (KeyError("key"), 2),
        (RecursionError("too deep"), 2),
    ],
)
def test_exceptions_become_one_line_and_a_code(program: Any, error: Exception, code: int) -> None:
    def failing() -> None:
        raise error

    program.add("failing", failing)
    outcome = program("failing")
    assert outcome.code == code
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("error: ")
    assert "Traceback" not in outcome.stderr
    traced = program("failing", "--debug")
    assert "Traceback" in traced.stderr
    assert traced.code == code
    assert "Traceback" in program("--debug", "failing").stderr


def test_text_from_outside_is_shown_in_messages_and_not_obeyed(program: Any) -> None:
    def failing() -> None:
        raise FileError("\x1b[2J[bold]x[/bold]\r.yaml cannot be read")

    program.add("failing", failing)
    assert program("failing").stderr == "error: \\e[2J[bold]x[/bold]\\r.yaml cannot be read\n"


def test_control_c_says_how_to_resume(program: Any) -> None:
    def long(context: typer.Context) -> None:
        output_of(context).resume_hint = "run the same command again"
        raise KeyboardInterrupt

    program.add("long", long)
    outcome = program("long")
    assert outcome.code == 130
    assert outcome.stderr.splitlines()[-2:] == [
        "error: interrupted",
        "hint: run the same command again",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gret"], "error: there is no command 'gret'; did you mean 'greet'?"),
        (["xyz"], "error: there is no command 'xyz'; 'rbrctl --help' lists the commands"),
        (["greet", "--nmae", "x"], "error: there is no option '--nmae'; did you mean '--name'?"),
        (["greet", "--name"], "error: option '--name' requires an argument"),
        (["greet", "extra"], "error: there are too many arguments: (extra)"),
        (["--colr", "always"], "error: there is no option '--colr'; did you mean '--color'?"),
    ],
)
def test_a_wrong_word_is_one_line_that_names_the_right_one(
    program: Any, arguments: list[str], message: str
) -> None:
    program.add("greet", greet)
    outcome = program(*arguments)
    assert outcome.code == 2
    assert outcome.stderr.splitlines()[0] == message
    assert outcome.stdout == ""


def run_module(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rbrctl", *arguments],
        capture_output="stdout" not in settings,
        text=True,
        check=False,
        **settings,
    )


def test_the_real_entry() -> None:
    outcome = run_module("--version")
    assert (outcome.returncode, outcome.stdout) == (0, f"rbrctl {__version__}\n")
    assert run_module("--nonsense").returncode == 2


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from rbrctl.cli.main import run; run(['--help']); "
        "heavy = {'httpx', 'jsonschema', 'yaml', 'numpy', 'rich', 'pydantic', 'asyncio'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


def test_a_full_standard_output_is_one_line_and_exit_2() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as stdout:
        outcome = run_module("--help", stdout=stdout, stderr=subprocess.PIPE)
    assert outcome.returncode == 2
    assert outcome.stderr == ("error: standard output cannot be written: no space left on device\n")


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stdout:
        outcome = run_module("--help", stdout=stdout, stderr=subprocess.PIPE)
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.parametrize(
    ("redirection", "code", "message"),
    [
        (">&-", 2, "error: standard output is closed\n"),
        ("2>&-", 0, ""),
        (">&- 2>&-", 2, ""),
    ],
)
def test_streams_that_are_closed(redirection: str, code: int, message: str) -> None:
    outcome = subprocess.run(
        ["sh", "-c", f'"$0" -m rbrctl --version {redirection}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (code, message)


def test_a_word_that_is_no_choice_is_named_with_the_choices(program: Any) -> None:
    program.add("greet", greet)
    outcome = program("greet", "--color", "sometimes")
    assert outcome.code == 2
    assert outcome.stderr.splitlines() == [
        "error: invalid value for '--color': 'sometimes' is not one of 'auto', 'always', 'never'",
        "hint: see 'rbrctl greet --help'",
    ]


def test_quiet_leaves_warnings_and_errors(program: Any) -> None:
    def talk(context: typer.Context) -> None:
        output_of(context).info("grading\x1b[1m")
        output_of(context).warn("no labels")

    program.add("talk", talk)
    assert program("talk").stderr == "grading\\e[1m\nwarning: no labels\n"
    assert program("talk", "-q").stderr == "warning: no labels\n"
    assert program("--quiet", "talk").stderr == "warning: no labels\n"
