"""Tables as data: columns and rows that every format draws in its own way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rbrctl.reports.terminal import Tone, printable

Interval = tuple[float, float]
Value = str | int | float | bool | Interval | None

WIDE_ONLY = 9
"""The priority of a column that a console shows only with ``--wide``."""


class Wrap(StrEnum):
    """The places at which a column may wrap when the table is too wide; nothing is ever cut."""

    NEVER = "never"
    NAMES = "names"
    """After hyphens, underscores, dots, slashes and colons: rule ids, proposition names, paths."""
    WORDS = "words"
    """At spaces: sentences."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column.

    ``key`` names it in JSON and CSV, ``title`` heads it elsewhere. ``decimals`` are those of its
    floats and intervals; ``interval`` says that it holds intervals, of which CSV makes two columns.
    With ``priority`` 0 it is always shown; columns of higher priority numbers are the first to be
    left out of a console that is too narrow.
    """

    key: str
    title: str
    numeric: bool = False
    decimals: int = 3
    wrap: Wrap = Wrap.NEVER
    priority: int = 0
    interval: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with a tone, or with words that stand for it where people read."""

    value: Value
    tone: Tone | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """
    A titled table; each row has one entry, a Cell or a bare value, for each column.

    ``key`` names it in JSON and CSV. Raises ValueError when a row's length is not the columns', or
    an interval stands where none was declared.
    """

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | Value]]
    notes: Sequence[str] = ()
    """Sentences that stand below it where people read."""
    optional: bool = False
    """Left out where people read when it has no rows; programs find its header always."""

    def __post_init__(self) -> None:
        """Check that the rows fit the columns."""
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.key}: a row of {len(row)} for {len(self.columns)} columns"
                )
            for column, entry in zip(self.columns, row, strict=True):
                value = entry.value if isinstance(entry, Cell) else entry
                if isinstance(value, tuple) and not column.interval:
                    raise ValueError(f"table {self.key}: {column.key} is no column of intervals")

    def cells(self) -> list[list[Cell]]:
        """Return all rows with every entry as a Cell."""
        return [
            [entry if isinstance(entry, Cell) else Cell(entry) for entry in row]
            for row in self.rows
        ]


def worth_reading(tables: Sequence[Table]) -> list[Table]:
    """Return the tables without the optional ones that have no rows."""
    return [table for table in tables if table.rows or not table.optional]


def first_rows(table: Table, count: int) -> Table:
    """Return the table cut to ``count`` rows, with a note of how many are left out, if any."""
    if count >= len(table.rows):
        return table
    note = f"The first {count} of {len(table.rows)} rows."
    return replace(table, rows=table.rows[:count], notes=(*table.notes, note))


def shown(cell: Cell, column: Column) -> str:
    """Return the text of a cell for people to read: on one line, and safe for a terminal."""
    if cell.text is not None:
        return printable(cell.text)
    value = cell.value
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        low, high = value
        between = "-" if low >= 0 and high >= 0 else " to "
        return between.join(_decimal(bound, column.decimals) for bound in (low, high))
    if isinstance(value, float):
        return _decimal(value, column.decimals)
    return printable(str(value))


def _decimal(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    # What rounds to zero has no sign.
    return text.lstrip("-") if not text.strip("-0.") else text
