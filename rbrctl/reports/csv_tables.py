"""Tables as CSV that a spreadsheet can open without obeying it."""

import csv
import io
from collections.abc import Sequence

from rbrctl.reports.tables import Cell, Table, Value
from rbrctl.reports.terminal import printable

_FORMULA_STARTS = ("=", "+", "-", "@", "\\t", "\\r", "\\n", "|", "%", "＝", "＋", "－", "＠")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii()


def csv_text(text: str) -> str:
    """Make text one line of harmless characters that no spreadsheet takes for a formula."""
    text = printable(text)
    if text.lstrip().startswith(_FORMULA_STARTS) and not _is_number(text):
        return "'" + text
    return text


def _fields(key: str, value: Value) -> dict[str, str]:
    if isinstance(value, tuple):
        return {f"{key}_low": repr(value[0]), f"{key}_high": repr(value[1])}
    if value is None:
        return {key: ""}
    if isinstance(value, bool):
        return {key: "true" if value else "false"}
    return {key: csv_text(value) if isinstance(value, str) else repr(value)}


class CsvTables:
    """
    Writes tables as one CSV file with a header, numbers in full.

    An interval gives two fields, ``KEY_low`` and ``KEY_high``. Several tables share the file: a
    first field ``table`` names each row's, and the header is the union of their columns.
    """

    def render(self, tables: Sequence[Table]) -> str:
        """Write the file's text."""
        rows = []
        header: dict[str, None] = {}
        for table in tables:
            cells = table.cells()
            named = {"table": csv_text(table.key)} if len(tables) > 1 else {}
            header |= dict.fromkeys([*named, *_header(table, cells)])
            for row in cells:
                fields = dict(named)
                for column, cell in zip(table.columns, row, strict=True):
                    fields |= _fields(column.key, cell.value)
                rows.append(fields)
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(header), restval="", lineterminator="\n")
        writer.writeheader()
        # An interval that is not known leaves its single empty field, which has no column.
        writer.writerows({key: row[key] for key in header if key in row} for row in rows)
        return buffer.getvalue()


def _header(table: Table, cells: Sequence[Sequence[Cell]]) -> list[str]:
    names: list[str] = []
    for number, column in enumerate(table.columns):
        values = [row[number].value for row in cells]
        if any(isinstance(value, tuple) for value in values):
            names += [f"{column.key}_low", f"{column.key}_high"]
        else:
            names.append(column.key)
    return names
