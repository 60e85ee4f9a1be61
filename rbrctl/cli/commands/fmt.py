"""``rbrctl fmt``: format rule files."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.errors import RbrctlError
from rbrctl.reports.terminal import Palette, printable
from rbrctl.ruleset.findings import Severity
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.authoring.formatting import Formatted


def command(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Folders or YAML files of rules.  [default: rules/]"),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Change no file; exit with code 1 if a file would change."),
    ] = False,
    diff: Annotated[
        bool,
        typer.Option(
            "--diff",
            help="Change no file; show the changes, and exit with code 1 if there are any.",
        ),
    ] = False,
) -> ExitCode:
    """
    Format rule files: the order of keys, spaces, blank lines and line breaks.

    Comments and meaning stay the same; both are checked before a file is written.
    """
    from rbrctl.authoring.formatting import format_path, write

    output = output_of(context)
    found = [format_path(path) for path in rules] if rules else [format_path("rules", Path())]
    formatted = {each.file: each for files in found for each in files}
    changed = [each for each in formatted.values() if each.changed]
    for each in changed:
        if diff:
            output.report(_diff(each, output.palette))
        else:
            output.report(printable(each.file))
        if not (check or diff):
            write(each)
    verb = "would be formatted" if check or diff else "formatted"
    unchanged = len(formatted) - len(changed)
    output.info(f"{counted(len(changed), 'file')} {verb}, {counted(unchanged, 'file')} unchanged")
    for path in rules or ["rules"]:
        if errors := _errors_in(path):
            output.info(
                f"the rules have {counted(errors, 'error')}; 'rbrctl validate {path}' shows them"
            )
    return ExitCode.NO if changed and (check or diff) else ExitCode.YES


def _errors_in(path: str) -> int:
    """Return the number of errors in the rule set, which formatting does not look at."""
    from rbrctl.ruleset.loader import read

    try:
        loaded = read(path)
    except RbrctlError:
        return 0
    return sum(each.severity is Severity.ERROR for each in loaded.findings.items)


def _diff(formatted: "Formatted", palette: Palette) -> str:
    lines = difflib.unified_diff(
        formatted.before.split("\n"),
        formatted.after.split("\n"),
        f"{formatted.file}",
        f"{formatted.file} (formatted)",
        lineterm="",
    )
    paint = {"+": palette.good, "-": palette.bad, "@": palette.note}
    return "\n".join(paint.get(line[:1], str)(printable(line)) for line in lines)
