"""Tables as CSV that a spreadsheet can open without obeying it."""

from collections.abc import Sequence

from rbrctl.reports.interface import Page, PlainFormat, Report, ReportKind
from rbrctl.reports.tables import Column, Table, Value
from rbrctl.reports.terminal import printable

_FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\\t",
    "\\r",
    "\\n",
    "|",
    "%",
    "＝",
    "＋",
    "－",
    "＠",
    "::",
    "##[",
)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii()


def csv_text(text: str) -> str:
    """Return one line of harmless characters that no spreadsheet and no CI runner obeys."""
    text = printable(text)
    if text.lstrip().startswith(_FORMULA_STARTS) and not _is_number(text):
        return "'" + text
    return text


class CsvFormat(PlainFormat):
    """Writes the tables of a report as one CSV file."""

    name = "csv"
    position = 2
    kinds = frozenset({ReportKind.CHECK, ReportKind.TABLES})

    def draw(self, report: Report, page: Page) -> str:
        """Return the file's text."""
        return csv_tables(report.tables())


def csv_tables(tables: Sequence[Table]) -> str:
    """
    Return tables as one CSV file with a header, numbers in full.

    A column of intervals gives two fields, ``KEY_low`` and ``KEY_high``, whatever its rows hold.
    Several tables share the file: a first field ``table`` names each row's, and the header is the
    union of their columns.
    """
    # Only this format needs them, and all formats are imported.
    import csv
    import io

    several = len(tables) > 1
    rows: list[dict[str, str]] = []
    header = ["table"] if several else []
    for table in tables:
        header += [name for column in table.columns for name in _names(column)]
        for row in table.cells():
            fields = {"table": csv_text(table.key)} if several else {}
            for column, cell in zip(table.columns, row, strict=True):
                fields |= _fields(column, cell.value)
            rows.append(fields)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(dict.fromkeys(header)), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _names(column: Column) -> list[str]:
    if column.interval:
        return [f"{column.key}_low", f"{column.key}_high"]
    return [column.key]


def _fields(column: Column, value: Value) -> dict[str, str]:
    if isinstance(value, tuple):
        return dict(zip(_names(column), map(repr, value), strict=True))
    if value is None:
        return dict.fromkeys(_names(column), "")
    if isinstance(value, bool):
        return {column.key: "true" if value else "false"}
    return {column.key: csv_text(value) if isinstance(value, str) else repr(value)}


FORMAT = CsvFormat()
