"""
Conversion of plain option values without loading pydantic.

Typer converts every value, untouched defaults too, by way of pydantic since it left click; loading
that takes longer than the rest of a command's start. What is plain (text, numbers, paths, words of
a StrEnum, and lists of these) is converted here; all else, and every value that does not convert,
goes on to Typer, which also has the error messages.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin


class NotPlainError(Exception):
    """The value is not for this module to convert."""


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


def lighten(parameter: Any) -> Any:
    """Let a parameter that Typer made convert its plain values here; gives the same parameter."""
    # Typer has no hook for the classes of its parameters, so it is one object at a time.
    parameter.process_value = partial(_process, parameter, parameter.process_value)
    return parameter
