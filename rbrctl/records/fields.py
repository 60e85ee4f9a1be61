"""Reading single fields of a data file's objects, with messages that name the field."""

from collections.abc import Mapping
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.problems import kind_of, quoted, shown

_NUMBERS = (int, float)


def optional_text(row: Mapping[str, Any], key: str, where: str = "") -> str | None:
    """Read a text; None where it is absent or null. Raises RecordError."""
    value = row.get(key)
    if value is None or isinstance(value, str):
        return value
    raise RecordError(f"{where}{key} must be a text, not {kind_of(value)}")


def required_text(row: Mapping[str, Any], key: str, where: str = "") -> str:
    """Read a text that must be there and not be empty. Raises RecordError."""
    value = optional_text(row, key, where)
    if value:
        return value
    if key in row and value is not None:
        raise RecordError(f"{where}{key} must not be empty")
    raise RecordError(f'no "{where}{key}"')


def optional_object(row: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any]:
    """Read an object; empty where it is absent or null. Raises RecordError."""
    value = row.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RecordError(f"{where}{key} must be an object, not {kind_of(value)}")
    return value


def read_labels(row: Mapping[str, Any], key: str) -> dict[str, bool]:
    """
    Read a person's answers; null means unknown and is left out.

    Raises RecordError for anything that is not true, false or null.
    """
    labels: dict[str, bool] = {}
    for name, value in optional_object(row, key).items():
        if value is None:
            continue
        if not isinstance(value, bool):
            raise RecordError(
                f"{key}.{shown(name)} must be true, false or null (unknown), not {quoted(value)}"
            )
        labels[name] = value
    return labels


def read_probability(value: object, where: str) -> float:
    """Read a number from 0 to 1. Raises RecordError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RecordError(f"{where} must be a number from 0 to 1, not {kind_of(value)}")
    if not 0 <= value <= 1:
        raise RecordError(f"{where} must be a number from 0 to 1, not {quoted(value)}")
    return float(value)
