"""Where options came from: typed ones that would do nothing, and the name to blame."""

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


def given_by(context: typer.Context, name: str) -> str:
    """Give what set a parameter, for messages about its value: the option, or the variable."""
    parameter = next(each for each in context.command.params if each.name == name)
    source = context.get_parameter_source(name)
    variables = parameter.envvar or ()
    if source is not None and source.name == "ENVIRONMENT" and variables:
        return variables if isinstance(variables, str) else variables[0]
    return max(parameter.opts, key=len)
