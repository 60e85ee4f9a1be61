"""
Parameters of commands: their names, where their values come from, and their conversion.

Typer converts every value, untouched defaults too, by way of pydantic since it left click; loading
that takes longer than the rest of a command's start. Plain values (text, numbers, paths, words of a
StrEnum, and lists of these) are therefore converted here; everything else, and every value that
does not convert, goes on to Typer, which also has the error messages.
"""

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from typer.main import get_command

from rbrctl.errors import UsageError

ENVIRONMENT_PREFIX = "RBRCTL"


def parameters_of(function: Callable[..., Any], *, completion: bool = False) -> list[Any]:
    """Return the parameters that Typer makes from the annotations of a function."""
    application = typer.Typer(add_completion=completion, rich_markup_mode=None)
    application.command()(function)
    return [convert_without_pydantic(parameter) for parameter in get_command(application).params]


def long_name(parameter: Any) -> str | None:
    """
    Return an option's longest name without its dashes; None for an argument.

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
    """Return the variable that sets an option: ``RBRCTL_MIN_ACCURACY`` for ``min-accuracy``."""
    return f"{ENVIRONMENT_PREFIX}_{option.replace('-', '_').upper()}"


def is_flag(parameter: Any) -> bool:
    """True for an option that takes no value."""
    return bool(getattr(parameter, "is_flag", False))


def is_path(parameter: Any) -> bool:
    """True for an option whose value, by its metavar, names a file or folder."""
    metavar = (parameter.metavar or "").upper()
    return any(word in metavar for word in ("FILE", "FOLDER", "PATH"))


class NotPlainError(Exception):
    """Signals that Typer has to convert the value."""


def _converted(value: Any, annotation: Any, information: Any) -> Any:
    if not isinstance(annotation, type) or information.parser is not None:
        raise NotPlainError
    if type(value) is annotation and annotation is not bool:
        return value
    if not isinstance(value, str):
        raise NotPlainError
    if annotation is int or annotation is float:
        return _number(value, annotation, information)
    if annotation is Path and not (information.exists or information.resolve_path):
        return Path(value)
    if issubclass(annotation, StrEnum) and information.case_sensitive:
        return annotation(value)
    raise NotPlainError


def _number(text: str, kind: Any, information: Any) -> Any:
    number = kind(text)
    low, high = information.min, information.max
    if (low is not None and not number >= low) or (high is not None and not number <= high):
        raise NotPlainError
    return number


def plain_value(parameter: Any, value: Any) -> Any:
    """
    Convert a parameter's raw value.

    Raises NotPlainError, or ValueError for what is no number or no word of its enumeration.
    """
    descriptor = getattr(parameter, "type_descriptor", None)
    if descriptor is None or (parameter.required and value in (None, (), [])):
        raise NotPlainError
    several = parameter.multiple or parameter.nargs == -1
    if value is None:
        return () if several else None
    if not several:
        return _converted(value, descriptor.annotation, descriptor.parameter_info)
    if get_origin(descriptor.annotation) is not list or not isinstance(value, list | tuple):
        raise NotPlainError
    (kind,) = get_args(descriptor.annotation)
    return [_converted(item, kind, descriptor.parameter_info) for item in value]


def _process(parameter: Any, original: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    try:
        converted = plain_value(parameter, value)
    except (NotPlainError, ValueError):
        return original(context, value)
    if parameter.callback is not None:
        return parameter.callback(context, parameter, converted)
    return converted


def convert_without_pydantic(parameter: Any) -> Any:
    """Make a Typer parameter convert its plain values here, and return the same parameter."""
    # Typer has no hook for the classes of its parameters, so it is one object at a time.
    parameter.process_value = partial(_process, parameter, parameter.process_value)
    return parameter


def refuse_unused(context: typer.Context, names: Collection[str], why: str) -> None:
    """
    Raise UsageError for the first of some parameters that was typed but would have no effect.

    A value from the environment or from a file is accepted: it may be meant for other runs.
    """
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{max(parameter.opts, key=len)} {why}")


def given_by(context: typer.Context, name: str) -> str:
    """Return the option or the variable that set a parameter, for messages about its value."""
    parameter = next(each for each in context.command.params if each.name == name)
    source = context.get_parameter_source(name)
    variables = parameter.envvar or ()
    if source is not None and source.name == "ENVIRONMENT" and variables:
        return variables if isinstance(variables, str) else variables[0]
    return max(parameter.opts, key=len)
