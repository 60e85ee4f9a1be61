"""Markdown in which text from outside is inert: no links, images, HTML, mentions or references."""

import re
from collections.abc import Iterable, Sequence

from rbrctl.reports.tables import Table, Wrap, shown, worth_reading
from rbrctl.reports.terminal import Tone, printable

_ZERO_WIDTH_SPACE = "\u200b"

_SPECIAL = re.compile(r"[\\`*_\[\]<>~|&$]|:(?=//)")
_LINE_START = re.compile(r"^(\s*)([-+=#]|\d+(?=[.)](?:\s|$)))")
# What a code host makes active in plain text, after Markdown has been read: mentions and
# addresses, issue numbers, and bare domain names.
_REFERENCES = re.compile(r"(?<=@)(?=\S)|(?<=#)(?=\d)|(?<=[Gg][Hh]-)(?=\d)|(?<=[wW]{3})(?=\.)")

_TONES = {Tone.BAD: "**", Tone.WARNING: "*"}


def markdown_text(text: str) -> str:
    """Make text one line that Markdown shows as it is, and nothing in it active."""
    # Markdown takes a line that starts with four spaces for code.
    text = _REFERENCES.sub(_ZERO_WIDTH_SPACE, printable(text).strip(" "))
    text = _SPECIAL.sub(r"\\\g<0>", text)
    return _LINE_START.sub(_escape_start, text)


def _escape_start(match: re.Match[str]) -> str:
    space, mark = match.groups()
    return f"{space}{mark}\\" if mark[0].isdigit() else f"{space}\\{mark}"


def markdown_code(text: str) -> str:
    """Make text a code span: what names and ids are shown as. Safe in a table's cell."""
    text = printable(text)
    if not text:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    space = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    # A table takes a bar for its own even inside of a code span, unless a backslash precedes it.
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def folded(title: str, body: str) -> str:
    """Put ``body``, Markdown already, under a title that opens it at a click."""
    # Of HTML's own characters none may stay; the rest is shown as it is between tags.
    safe = printable(title).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _REFERENCES.sub(_ZERO_WIDTH_SPACE, safe)
    return f"<details>\n<summary>{safe}</summary>\n\n{body}\n\n</details>"


class MarkdownTables:
    """Draws tables in GitHub's Markdown; all columns are shown."""

    def __init__(self, heading: str = "###") -> None:
        """Head each table with ``heading`` and its title, or with nothing."""
        self.heading = heading

    def render(self, tables: Sequence[Table]) -> str:
        """Draw the tables one below another."""
        return "\n\n".join(self._table(table) for table in worth_reading(tables))

    def _table(self, table: Table) -> str:
        headed = table.title and self.heading
        lines = [f"{self.heading} {markdown_text(table.title)}", ""] if headed else []
        if table.rows or not table.notes:
            lines.append(_line(markdown_text(column.title) for column in table.columns))
            lines.append(_line("---:" if column.numeric else "---" for column in table.columns))
        for row in table.cells():
            parts = []
            for cell, column in zip(row, table.columns, strict=True):
                text = shown(cell, column)
                drawn = markdown_code(text) if column.wrap is Wrap.NAMES else markdown_text(text)
                mark = _TONES.get(cell.tone, "") if cell.tone and text.strip() else ""
                parts.append(f"{mark}{drawn}{mark}")
            lines.append(_line(parts))
        for note in table.notes:
            lines += ["", markdown_text(note)]
        return "\n".join(lines).strip("\n")


def _line(parts: Iterable[str]) -> str:
    return f"| {' | '.join(parts)} |"
