"""
The registry of output formats.

A format is a module of this package with a ``FORMAT``, an ``OutputFormat``. Adding one means
adding that file: ``--format``, its help, its completion and its error messages come from here.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from rbrctl.errors import UsageError
from rbrctl.reports.interface import AUTO, TEXT, OutputFormat, ReportKind
from rbrctl.wording import hint_for


@cache
def all_formats() -> tuple[OutputFormat, ...]:
    """Return every format, in the order in which help pages list them."""
    found: list[OutputFormat] = [
        import_module(f"{__name__}.{module.name}").FORMAT
        for module in pkgutil.iter_modules(__path__)
    ]
    return tuple(sorted(found, key=lambda each: (each.position, each.name)))


def formats_of(kind: ReportKind) -> tuple[OutputFormat, ...]:
    """Return the formats that can draw a kind of report."""
    return tuple(each for each in all_formats() if kind in each.kinds)


def automatic_formats(kind: ReportKind) -> tuple[OutputFormat, ...]:
    """Return the formats of a kind that ``auto`` may stand for."""
    return tuple(each for each in formats_of(kind) if each.automatic_place)


def format_names(kind: ReportKind) -> list[str]:
    """Return what may be written after ``--format`` for a kind of report."""
    names = [each.name for each in formats_of(kind)]
    return [AUTO, *names] if automatic_formats(kind) else names


def format_named(name: str, kind: ReportKind, environment: Mapping[str, str]) -> OutputFormat:
    """
    Return a format by its name; ``auto`` is the one that fits ``environment``, else text.

    Raises UsageError for a name that no format of the kind has.
    """
    if name == AUTO:
        fitting = (each for each in automatic_formats(kind) if each.is_automatic(environment))
        chosen = next(fitting, None)
        return chosen or format_named(TEXT, kind, environment)
    for each in formats_of(kind):
        if each.name == name:
            return each
    names = format_names(kind)
    raise UsageError(f"--format {name}: there is no such format; {hint_for(name, names)}")
