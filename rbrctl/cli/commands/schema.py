"""``rbrctl schema``: the JSON Schema of rule files, for editors."""

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of


def command(context: typer.Context) -> ExitCode:
    """
    Print the JSON Schema (draft-07) of rule files.

    With this schema, editors complete keys and mark mistakes. Save it beside the rules, and name it
    in the first line of each rule file: '# yaml-language-server: $schema=schema.json'.
    """
    from rbrctl.ruleset.schema import schema_text

    output_of(context).report(schema_text())
    return ExitCode.YES
