import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from rbrctl.cli.command_tree import load_command, root_group
from rbrctl.cli.help import HelpPage
from rbrctl.cli.registry import ENTRIES


class Shape(StrEnum):
    FULL = "full"
    SHORT = "short"


def grade(
    transcripts: Annotated[Path, typer.Argument(help="The file to grade; '-' is stdin.")],
    rules: Annotated[
        str, typer.Option("--rules", "-r", metavar="PATH", help="The rule set. " * 6)
    ] = "rules",
    shape: Annotated[Shape, typer.Option("--shape", help="How much to show.")] = Shape.FULL,
    min_accuracy: Annotated[
        list[str] | None,
        typer.Option("--min-accuracy", metavar="[RULE=]SHARE", help="A gate.", show_default=False),
    ] = None,
    key: Annotated[str, typer.Option("--key", help="Which.", rich_help_panel="Endpoint")] = ...,  # type: ignore[assignment]  # Typer's mark of a required option
) -> None:
    """
    Grade transcripts by a rule set.

    What comes of it is printed, and a second paragraph says at some length what else there is to
    know about it.
    """


PAGE = """\
Usage: rbrctl grade [OPTIONS] TRANSCRIPTS

 Grade transcripts by a rule set.

 What comes of it is printed, and a second paragraph says at some length what
 else there is to know about it.

╭─ Arguments ──────────────────────────────────────────────────────────────────╮
│ * TRANSCRIPTS  The file to grade; '-' is stdin.                              │
╰──────────────────────────────────────────────────────────────────────────────╯

╭─ Options ────────────────────────────────────────────────────────────────────╮
│ --rules PATH                 -r  The rule set. The rule set. The rule set.   │
│                                  The rule set. The rule set. The rule set.   │
│                                  [default: rules]                            │
│ --shape full|short               How much to show. [default: full]           │
│ --min-accuracy [RULE=]SHARE      A gate.                                     │
╰──────────────────────────────────────────────────────────────────────────────╯

╭─ Endpoint ───────────────────────────────────────────────────────────────────╮
│ * --key KEY  Which.                                                          │
╰──────────────────────────────────────────────────────────────────────────────╯

╭─ Global options ─────────────────────────────────────────────────────────────╮
│ --color auto|always|never      When to use colours. [default: auto]          │
│ --quiet                    -q  Print only warnings and errors on stderr.     │
│ --debug                        Show the traceback of an unexpected error.    │
│ --help                     -h  Show this help and exit.                      │
╰──────────────────────────────────────────────────────────────────────────────╯

"""


def test_a_page(program: Any) -> None:
    program.add("grade", grade)
    outcome = program("grade", "--help")
    assert outcome.stdout == PAGE.rstrip("\n") + "\n"
    assert program("grade", "-h").stdout == outcome.stdout
    assert outcome.code == 0


def test_colour_is_all_that_color_adds(program: Any) -> None:
    program.add("grade", grade)
    painted = program("grade", "--help", "--color", "always").stdout
    assert "\x1b[1;36m--rules\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == program("grade", "--help").stdout
    program.environment["NO_COLOR"] = "1"
    assert program("--color=always", "grade", "--help").stdout == painted


def test_a_narrow_terminal_is_respected(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program.add("grade", grade)
    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, program("grade", "--help").stdout.splitlines())) == 50
    monkeypatch.setenv("COLUMNS", "40")
    page = program("grade", "--help").stdout
    boxes = [line for line in page.splitlines() if line.startswith(("╭", "│", "╰"))]
    assert set(map(len, boxes)) == {40}
    assert max(map(len, page.splitlines())) == 40
    assert f"│ {'--rules PATH -r':36} │\n│ {'    The rule set. The rule set. The':36} │" in page
    assert f"│ {'--key KEY *':36} │" in page
    monkeypatch.setenv("COLUMNS", "300")
    assert max(map(len, program("grade", "--help").stdout.splitlines())) == 80


def test_the_list_of_commands_imports_none_of_them(program: Any) -> None:
    program.add("grade", grade, "Grade transcripts.")
    module = "rbrctl.cli.commands.sample_grade"
    del sys.modules[module]
    assert "grade  Grade transcripts." in program("--help").stdout
    assert module not in sys.modules


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.name))
def test_every_command_that_exists_has_a_page(entry: Any) -> None:
    root = root_group((entry,))
    command = root.get_command(None, entry.name)
    context = command.context_class(command, info_name=entry.name)
    page = HelpPage(context, boxes=False).render()
    assert page.startswith(f"Usage: {entry.name} [OPTIONS]")
    assert max(map(len, page.splitlines())) <= 80
    assert entry.summary.endswith(".")
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{entry.name}: {parameter.name} has no help"


def test_commands_load_under_their_own_name() -> None:
    for entry in ENTRIES:
        if not hasattr(entry, "commands"):
            assert load_command(entry).name == entry.name
