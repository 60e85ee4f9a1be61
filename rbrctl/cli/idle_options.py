"""Options that would do nothing beside others, refused where someone typed them."""

from collections.abc import Collection

import typer

from rbrctl.errors import UsageError


def refuse_idle(context: typer.Context, names: Collection[str], why: str) -> None:
    """
    Raise UsageError for the first of some parameters that was typed.

    What the environment or a file sets may be meant for other runs of the command.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{max(parameter.opts, key=len)} {why}")
