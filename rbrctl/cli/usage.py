"""What to say when arguments do not parse: one line, and what to try."""

import re
from typing import Any

from rbrctl.cli.parameters import environment_name, long_name
from rbrctl.wording import did_you_mean

_EXTRA_ARGUMENTS = re.compile(r"^Got unexpected extra arguments?(\(s\))? ")


def explain_usage(error: Any) -> tuple[str, str | None]:
    """Give the message and the hint for an exception of the argument parser."""
    context = getattr(error, "ctx", None)
    message = _message(error, context).rstrip(".")
    message = (message[:1].lower() + message[1:]) + _origin(error, context)
    hint = f"{context.command_path} --help" if context is not None else None
    return message, hint


def _message(error: Any, context: Any) -> str:
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        guess = did_you_mean(option, _option_names(context))
        return f"there is no option '{option}'" + (f"; {guess}" if guess else "")
    message = " ".join(str(error.format_message()).split())
    message = message.replace("Value error, ", "", 1)
    return _EXTRA_ARGUMENTS.sub("there is no place for ", message)


def _option_names(context: Any) -> list[str]:
    parameters = [] if context is None else context.command.params
    return [name for parameter in parameters for name in parameter.opts if name.startswith("-")]


def _origin(error: Any, context: Any) -> str:
    """Say where a refused value came from, when it was not typed."""
    parameter = getattr(error, "param", None)
    if parameter is None or context is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    if source is None:
        return ""
    if source.name == "ENVIRONMENT":
        option = long_name(parameter)
        variable = parameter.envvar or (environment_name(option) if option else "")
        names = variable if isinstance(variable, str) else " or ".join(variable)
        return f" (from the variable {names})"
    settings = getattr(context.default_map, "settings", {})
    if source.name == "DEFAULT_MAP" and parameter.name in settings:
        return f" (from {settings[parameter.name].source})"
    return ""
