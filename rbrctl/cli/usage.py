"""What to say when arguments do not parse: one line, and what to try."""

from difflib import get_close_matches
from typing import Any

from rbrctl.cli.parameters import environment_name, long_name


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
        close = list(error.possibilities or ()) or _closest(option, context)
        suggestion = f"; did you mean '{close[0]}'?" if close else ""
        return f"there is no option '{option}'{suggestion}"
    return " ".join(str(error.format_message()).split())


def _closest(option: str, context: Any) -> list[str]:
    if context is None:
        return []
    names = [
        name
        for parameter in context.command.params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
    ]
    return get_close_matches(option, names, n=1)


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
