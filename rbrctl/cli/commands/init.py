"""``rbrctl init``: create a rule set to start from."""

from pathlib import Path
from typing import Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.reports.terminal import printable


def command(
    context: typer.Context,
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR", help="Folder to create the files in.", show_default="the current folder"
        ),
    ] = ".",
    kind: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Rule set to copy: starter (five rules) or safety (the reference rule set).",
        ),
    ] = "starter",
) -> ExitCode:
    """
    Create a rule set to start from, with tests, labelled transcripts and a CI workflow.

    The new rule set is valid and its tests pass. Existing files are not overwritten.
    """
    from rbrctl.authoring.starting import WORKFLOW, starter_files, write_new

    output = output_of(context)
    files = starter_files(kind)
    write_new(Path(folder), files)
    for name in files:
        output.report(printable(str(Path(folder) / name)))
    where = "" if folder == "." else f"cd {folder} && "
    output.info(f"next: {where}rbrctl validate && rbrctl test")
    output.info(
        f"{WORKFLOW} needs the variable RBRCTL: the name or URL from which pip installs rbrctl"
    )
    return ExitCode.YES
