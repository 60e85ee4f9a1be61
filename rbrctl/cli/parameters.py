"""What a parsed function's parameters are called: on the command line, outside, and in files."""

from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.main import get_command

from rbrctl.cli.conversion import lighten

ENVIRONMENT_PREFIX = "RBRCTL"


def parameters_of(function: Callable[..., Any], *, completion: bool = False) -> list[Any]:
    """Give the parameters that Typer makes of a function's annotations."""
    application = typer.Typer(add_completion=completion, rich_markup_mode=None)
    application.command()(function)
    return [lighten(parameter) for parameter in get_command(application).params]


def long_name(parameter: Any) -> str | None:
    """
    Give an option's longest name without its dashes (``min-accuracy``); None for an argument.

    An argument that is called ``rules`` is an exception: it means what ``--rules`` means elsewhere,
    and is set by the same variable and key.
    """
    if parameter.param_type_name != "option":
        return "rules" if parameter.name == "rules" else None
    name: str = max(parameter.opts, key=len)
    return name.lstrip("-")


def options_by_name(parameters: Iterable[Any]) -> dict[str, Any]:
    """Map the long names of the options among ``parameters`` to them; ``help`` is not settable."""
    named = ((long_name(parameter), parameter) for parameter in parameters)
    return {name: parameter for name, parameter in named if name and name != "help"}


def environment_name(option: str) -> str:
    """Give the variable that sets an option: ``RBRCTL_MIN_ACCURACY`` for ``min-accuracy``."""
    return f"{ENVIRONMENT_PREFIX}_{option.replace('-', '_').upper()}"


def is_flag(parameter: Any) -> bool:
    """True for an option that takes no value."""
    return bool(getattr(parameter, "is_flag", False))


def is_path(parameter: Any) -> bool:
    """True for an option whose value, by its metavar, names a file or folder."""
    metavar = (parameter.metavar or "").upper()
    return any(word in metavar for word in ("FILE", "FOLDER", "PATH"))
