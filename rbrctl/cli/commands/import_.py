"""``rbrctl import``: a rule set from another tool's file."""

from pathlib import Path
from typing import Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.reports.terminal import printable
from rbrctl.wording import counted


def command(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A published RBR configuration or OpenAI graders, as YAML or JSON.",
        ),
    ],
    folder: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where to put it.  [default: rules/]"),
    ] = None,
) -> ExitCode:
    """
    Make a rule set of another tool's file.

    What cannot be carried over is listed, not dropped in silence. Nothing that is there already is
    overwritten.
    """
    from rbrctl.authoring.importing import import_file, ruleset_text
    from rbrctl.authoring.starting import write_new
    from rbrctl.ruleset.schema import schema_text

    output = output_of(context)
    imported = import_file(source)
    text = ruleset_text(imported)
    target = folder or "rules"
    write_new(Path(target), {"ruleset.yaml": text, "schema.json": schema_text()})
    rules, propositions = len(imported.content["rules"]), len(imported.content["propositions"])
    lines = [
        f"{imported.kind}: {counted(rules, 'rule')} over "
        f"{counted(propositions, 'proposition')}, in {target}"
    ]
    if imported.lost:
        lines += ["", "not carried over:"]
        lines += [f"- {each}" for each in imported.lost]
    output.report("\n".join(map(printable, lines)))
    output.info(f"next: rbrctl validate {target}")
    return ExitCode.YES
