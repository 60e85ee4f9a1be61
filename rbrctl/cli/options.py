"""The options that every command has, and the annotated types that commands share."""

from typing import Annotated, Any

import typer

from rbrctl import __version__
from rbrctl.cli.output import ColorMode, Output

GLOBAL_PANEL = "Global options"


class HelpRequestedError(Exception):
    """Ends parsing because ``--help`` was given; it is not a failure."""

    def __init__(self, context: Any) -> None:
        """Take the context of the command whose help is shown."""
        super().__init__()
        self.context = context


def output_of(context: typer.Context) -> Output:
    """Return the output of the run, from the context of any command."""
    output = context.find_root().obj
    if not isinstance(output, Output):
        raise TypeError("the root context carries no Output: run commands through main.run()")
    return output


def _sources(context: Any, name: str) -> list[str]:
    """Return where an option came from, in a context and in each one above it."""
    sources = []
    while context is not None:
        source = context.get_parameter_source(name)
        sources.append("DEFAULT" if source is None else source.name)
        context = context.parent
    return sources


def _set_color(context: typer.Context, value: ColorMode) -> None:
    # Typed anywhere, it beats what the environment or a file says for the command at the end.
    sources = _sources(context, "color")
    if sources[0] == "COMMANDLINE" or (sources[0] != "DEFAULT" and "COMMANDLINE" not in sources):
        output_of(context).color = value


def _set_quiet(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:
        output_of(context).quiet = True


def _set_debug(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:
        output_of(context).debug = True


def _show_help(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:
        raise HelpRequestedError(context)


def _show_version(context: typer.Context, value: bool) -> None:
    if value and not context.resilient_parsing:
        output_of(context).report(f"rbrctl {__version__}")
        raise typer.Exit


def global_options(
    color: Annotated[
        ColorMode,
        typer.Option(
            "--color",
            callback=_set_color,
            expose_value=False,
            help="When to use colours.",
            rich_help_panel=GLOBAL_PANEL,
        ),
    ] = ColorMode.AUTO,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            callback=_set_quiet,
            expose_value=False,
            help="Print only warnings and errors on stderr.",
            rich_help_panel=GLOBAL_PANEL,
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            callback=_set_debug,
            expose_value=False,
            help="Show the traceback of an unexpected error.",
            rich_help_panel=GLOBAL_PANEL,
        ),
    ] = False,
    show_help: Annotated[
        bool,
        typer.Option(
            "--help",
            "-h",
            callback=_show_help,
            expose_value=False,
            is_eager=True,
            help="Show this help and exit.",
            rich_help_panel=GLOBAL_PANEL,
        ),
    ] = False,
) -> None:
    """Declare the options that are accepted before and after the name of every command."""


def root_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            expose_value=False,
            is_eager=True,
            help="Show the version and exit.",
            rich_help_panel=GLOBAL_PANEL,
        ),
    ] = False,
) -> None:
    """Declare the options that are accepted only before the name of a command."""


TRANSCRIPTS_HELP = "Transcripts: a JSON Lines file, - for standard input, or builtin:fixtures."

WideOption = Annotated[
    bool, typer.Option("--wide", help="Show all columns, even if the table becomes very wide.")
]

CalibrationOption = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Calibrate the answers by this file, which 'grader calibrate' wrote for the same "
        "grader.",
    ),
]
