"""Tables for a terminal: aligned, wrapped at hyphens and never cut, coloured where wanted."""

import re
from collections.abc import Iterable, Sequence

from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Wrap, shown, worth_reading
from rbrctl.reports.terminal import Palette, padded, printable, text_width

_GAP = 2
_NARROWEST = 12
_LONGEST_PIECE = 24
_INDENT = 2

_BREAKS = {
    Wrap.NEVER: re.compile(r"(?!)"),
    Wrap.NAMES: re.compile(r"(?<=[-_./: ])(?=[^-_./: ])"),
    Wrap.WORDS: re.compile(r"(?<= )(?=[^ ])"),
}


def _split_wide(piece: str, width: int) -> Iterable[str]:
    """Break what has no place to break after every ``width`` cells."""
    line = ""
    for character in piece:
        if line and text_width(line + character) > width:
            yield line
            line = ""
        line += character
    yield line


def wrapped(text: str, width: int, wrap: Wrap) -> list[str]:
    """
    Break printable text into lines of at most ``width`` cells; later ones are indented by two.

    Joined again without the indents (and without spaces at a break), the lines are the text.
    """
    if text_width(text) <= width or wrap is Wrap.NEVER:
        return [text]
    lines = [""]
    for piece in _BREAKS[wrap].split(text):
        room = width - (_INDENT if len(lines) > 1 else 0)
        if text_width(lines[-1]) + text_width(piece.rstrip(" ")) <= room:
            lines[-1] += piece
            continue
        if lines[-1]:
            lines.append("")
        first, *rest = _split_wide(piece, width - _INDENT)
        lines[-1] = first
        lines.extend(rest)
    return [
        " " * (_INDENT if number else 0) + line.rstrip(" ") for number, line in enumerate(lines)
    ]


class TextTables:
    """Draws tables as text of at most ``width`` columns, or as wide as they are when it is None."""

    def __init__(self, palette: Palette, width: int | None) -> None:
        """Draw with ``palette``; ``width`` None shows all columns."""
        self.palette = palette
        self.width = width

    def render(self, tables: Sequence[Table]) -> str:
        """Draw the tables one below another, of one without rows its title and notes."""
        return "\n\n".join(self._table(table) for table in worth_reading(tables))

    def _table(self, table: Table) -> str:
        cells = table.cells()
        numbers, widths = self._layout(table.columns, cells)
        columns = [table.columns[number] for number in numbers]
        lines = [self.palette.bold(printable(table.title))] if table.title else []
        if cells or not table.notes:
            lines += self._header(columns, widths)
        for row in cells:
            lines += self._row([row[number] for number in numbers], columns, widths)
        notes = list(map(printable, table.notes))
        hidden = len(table.columns) - len(numbers)
        if hidden and cells:
            notes.append(f"--wide shows {hidden} more column{'s' * (hidden > 1)}.")
        for note in notes:
            lines += [self.palette.dim(line) for line in self._note(note)]
        return "\n".join(line.rstrip(" ") for line in lines)

    def _note(self, note: str) -> list[str]:
        return [note] if self.width is None else wrapped(note, self.width, Wrap.WORDS)

    def _layout(
        self, columns: Sequence[Column], cells: Sequence[Sequence[Cell]]
    ) -> tuple[list[int], list[int]]:
        """Choose the columns to show, by number, and their widths."""
        numbers = [
            number
            for number, column in enumerate(columns)
            if self.width is None or column.priority < WIDE_ONLY
        ]
        texts = [[shown(row[n], column) for row in cells] for n, column in enumerate(columns)]
        natural = [
            max([_header_width(column), *map(text_width, column_texts)])
            for column, column_texts in zip(columns, texts, strict=True)
        ]
        narrowest = [
            min(width, max([_header_width(column), *_pieces(column_texts, column.wrap)]))
            for column, width, column_texts in zip(columns, natural, texts, strict=True)
        ]
        while True:
            widths = self._fitted([natural[n] for n in numbers], [narrowest[n] for n in numbers])
            optional = [number for number in numbers if columns[number].priority > 0]
            if widths is not None or not optional:
                return numbers, widths or [narrowest[n] for n in numbers]
            numbers.remove(max(optional, key=lambda number: (columns[number].priority, number)))

    def _fitted(self, natural: Sequence[int], narrowest: Sequence[int]) -> list[int] | None:
        """Narrow the widest columns that may wrap until all fit; None if they cannot."""
        widths = list(natural)
        if self.width is None:
            return widths
        excess = sum(widths) + _GAP * (len(widths) - 1) - self.width
        while excess > 0:
            narrowable = [n for n, width in enumerate(widths) if width > narrowest[n]]
            if not narrowable:
                return None
            widths[max(narrowable, key=lambda number: widths[number])] -= 1
            excess -= 1
        return widths

    def _header(self, columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
        stacks = [
            _header_lines(column, width) for column, width in zip(columns, widths, strict=True)
        ]
        height = max(map(len, stacks))
        lines = []
        for level in range(height):
            parts = []
            for column, width, stack in zip(columns, widths, stacks, strict=True):
                index = level - (height - len(stack))
                text = stack[index] if index >= 0 else ""
                parts.append(self.palette.bold(padded(text, width, right=column.numeric)))
            lines.append((" " * _GAP).join(parts))
        lines.append((" " * _GAP).join(self.palette.dim("─" * width) for width in widths))
        return lines

    def _row(
        self, cells: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int]
    ) -> list[str]:
        stacks = [
            wrapped(shown(cell, column), width, column.wrap)
            for cell, column, width in zip(cells, columns, widths, strict=True)
        ]
        lines = []
        for level in range(max(map(len, stacks))):
            parts = []
            for cell, column, width, stack in zip(cells, columns, widths, stacks, strict=True):
                text = padded(
                    stack[level] if level < len(stack) else "", width, right=column.numeric
                )
                parts.append(self.palette.tone(cell.tone, text) if text.strip() else text)
            lines.append((" " * _GAP).join(parts))
        return lines


def _pieces(texts: Sequence[str], wrap: Wrap) -> Iterable[int]:
    """Return the least widths that a column's texts need if they wrap wherever they may."""
    for text in texts:
        if wrap is Wrap.NEVER:
            yield text_width(text)
            continue
        longest = max(text_width(piece.rstrip(" ")) for piece in _BREAKS[wrap].split(text))
        yield min(max(_NARROWEST, longest + _INDENT), _LONGEST_PIECE)


def _header_width(column: Column) -> int:
    return max(map(text_width, _header_words(column)), default=1)


def _header_words(column: Column) -> list[str]:
    # "95 % interval" reads badly as three lines: a word is joined to a short one before it.
    words: list[str] = []
    for word in column.title.split():
        if words and len(words[-1]) < 5:
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words or [""]


def _header_lines(column: Column, width: int) -> list[str]:
    if text_width(column.title) <= width:
        return [column.title]
    lines = [""]
    for word in _header_words(column):
        if lines[-1] and text_width(lines[-1]) + 1 + text_width(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
