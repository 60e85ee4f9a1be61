"""``rbrctl import``: convert the file of another tool to a rule set."""

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
            help="A published RBR configuration or a file of OpenAI graders, in YAML or JSON.",
        ),
    ],
    folder: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder of the new rule set.  [default: rules/]"
        ),
    ] = None,
) -> ExitCode:
    """
    Convert the file of another tool to a rule set.

    The output lists everything that could not be converted. Existing files are not overwritten.
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
        lines += ["", "Not converted:"]
        lines += [f"- {each}" for each in imported.lost]
    output.report("\n".join(map(printable, lines)))
    output.info(f"next: rbrctl validate {target}")
    return ExitCode.YES
