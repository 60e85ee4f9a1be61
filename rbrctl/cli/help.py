"""
The help pages: panels with aligned columns, at most 80 columns, coloured where that is wanted.

Typer's own rich pages look much the same but take three times as long to appear, most of it
spent importing.
"""

import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

from rbrctl.cli.command_tree import LazyGroup
from rbrctl.cli.options import GLOBAL_PANEL
from rbrctl.reports.terminal import PLAIN, Palette, text_width

MAXIMUM_WIDTH = 80
SIDE_BY_SIDE = 60
"""Columns below which a text stands under what it describes, not beside it."""
_UNDER = 4
_LONGEST_NAME = 30
_LONGEST_CHOICES = 36
_LONGEST_MARK = 26
_HARD_SPACE = "\xa0"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a panel: its parts before the text, and the text."""

    required: bool
    names: str
    short: str
    metavar: str
    text: str


def _default_of(parameter: Any) -> str | None:
    shown = getattr(parameter, "show_default", None)
    if isinstance(shown, str):
        return shown
    value = parameter.default
    if callable(value) or value is None or value is False or value in ((), [], ""):
        return None
    if value is True:
        return None if not parameter.secondary_opts else parameter.opts[0].lstrip("-")
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or None
    return str(getattr(value, "value", value))


def _choices_of(parameter: Any) -> list[str]:
    # Typer keeps them in a descriptor of its own since it left click, and in a click type before.
    descriptor = getattr(parameter, "type_descriptor", None) or getattr(parameter, "type", None)
    return [str(getattr(item, "value", item)) for item in getattr(descriptor, "choices", ()) or ()]


def _metavar_of(parameter: Any) -> str:
    if getattr(parameter, "is_flag", False) or getattr(parameter, "count", False):
        return ""
    if parameter.metavar:
        return str(parameter.metavar)
    choices = _choices_of(parameter)
    if choices and sum(map(len, choices)) < _LONGEST_CHOICES:
        return "|".join(choices)
    return str(parameter.name).upper().replace("_", "-")


def _text_of(parameter: Any) -> str:
    text = inspect.cleandoc(getattr(parameter, "help", None) or "")
    default = _default_of(parameter)
    if default is not None and getattr(parameter, "show_default", True):
        mark = f"[default: {default}]"
        # Short ones stay on one line: wrapping breaks at spaces only.
        text += " " + (mark.replace(" ", _HARD_SPACE) if len(mark) <= _LONGEST_MARK else mark)
    return text.strip()


def _option_row(parameter: Any) -> Row:
    long = [name for name in parameter.opts if name.startswith("--")]
    short = [name for name in parameter.opts if not name.startswith("--")]
    long += parameter.secondary_opts
    return Row(
        required=parameter.required,
        names="/".join(long),
        short=",".join(short),
        metavar=_metavar_of(parameter),
        text=_text_of(parameter),
    )


def _argument_row(parameter: Any) -> Row:
    name = (parameter.metavar or parameter.name).upper().replace("[", "").replace("]", "")
    if parameter.nargs != 1 and "..." not in name:
        name += "..."
    return Row(parameter.required, name, "", "", _text_of(parameter))


class HelpPage:
    """The help page of one command or group."""

    def __init__(
        self, context: Any, palette: Palette = PLAIN, width: int = 80, boxes: bool = True
    ) -> None:
        """Describe ``context.command``; ``boxes`` draws frames, else headings."""
        self.context = context
        self.command = context.command
        self.palette = palette
        self.width = min(width, MAXIMUM_WIDTH)
        self.boxes = boxes

    def render(self) -> str:
        """Draw the page."""
        parts = [self._usage(), *self._paragraphs()]
        for title, rows in self._panels().items():
            parts.append(self._panel(title, rows))
        return "\n\n".join(parts) + "\n"

    def _usage(self) -> str:
        pieces = [self.context.command_path, "[OPTIONS]"]
        if isinstance(self.command, LazyGroup):
            pieces.append("COMMAND [ARGS]...")
        for parameter in self.command.params:
            if parameter.param_type_name == "argument" and not parameter.hidden:
                name = _argument_row(parameter).names
                pieces.append(name if parameter.required else f"[{name}]")
        lines = textwrap.wrap(
            " ".join(pieces), self.width - 8, break_long_words=False, break_on_hyphens=False
        )
        return self.palette.bold("Usage:") + " " + "\n       ".join(lines)

    def _paragraphs(self) -> list[str]:
        paragraphs = inspect.cleandoc(self.command.help or "").split("\n\n")
        return [self._paragraph(paragraph) for paragraph in paragraphs if paragraph]

    def _paragraph(self, text: str) -> str:
        if text.startswith(("    ", "- ")):
            return textwrap.indent(text, " ")
        return textwrap.fill(
            " ".join(text.split()),
            self.width - 1,
            initial_indent=" ",
            subsequent_indent=" ",
            break_on_hyphens=False,
        )

    def _panels(self) -> dict[str, list[Row]]:
        panels: dict[str, list[Row]] = {"Arguments": [], "Options": []}
        for parameter in self.command.params:
            if parameter.hidden:
                continue
            if parameter.param_type_name == "argument":
                panels["Arguments"].append(_argument_row(parameter))
                continue
            title = getattr(parameter, "rich_help_panel", None) or "Options"
            panels.setdefault(title, []).append(_option_row(parameter))
        if isinstance(self.command, LazyGroup):
            # The completion switches are the root's only options without a panel of their own.
            panels.setdefault(GLOBAL_PANEL, []).extend(panels.pop("Options"))
            commands = [
                Row(False, entry.name, "", "", entry.summary)
                for entry in self.command.entries.values()
            ]
            panels = {"Commands": commands, **panels}
        everywhere = panels.pop(GLOBAL_PANEL, [])
        return {title: rows for title, rows in {**panels, GLOBAL_PANEL: everywhere}.items() if rows}

    def _panel(self, title: str, rows: list[Row]) -> str:
        lines = [line for row in self._aligned(rows) for line in row]
        inner = self.width - 4
        if not self.boxes:
            return "\n".join([self.palette.bold(title), *(f"  {line}" for line, _ in lines)])
        dim = self.palette.dim
        top = dim("╭─ ") + self.palette.bold(title) + dim(f" {'─' * (inner - len(title) - 1)}╮")
        body = [f"{dim('│')} {line}{' ' * max(0, inner - size)} {dim('│')}" for line, size in lines]
        return "\n".join([top, *body, dim(f"╰{'─' * (inner + 2)}╯")])

    def _aligned(self, rows: list[Row]) -> list[list[tuple[str, int]]]:
        """Return the coloured lines of each row, with their widths."""
        if self.width < SIDE_BY_SIDE:
            return [self._narrow_lines(row) for row in rows]
        star = any(row.required for row in rows)
        short = max(len(row.short) for row in rows)
        names = [" ".join(filter(None, (row.names, row.metavar))) for row in rows]
        column = max((len(name) for name in names if len(name) <= _LONGEST_NAME), default=0)
        indent = (2 if star else 0) + column + 2 + (short + 2 if short else 0)
        return [
            self._lines(row, name, column, short, star, indent)
            for row, name in zip(rows, names, strict=True)
        ]

    def _narrow_lines(self, row: Row) -> list[tuple[str, int]]:
        """Return the names of a row on a line of their own, and below them its text."""
        parts = [(row.names, self.palette.name), (row.metavar, self.palette.warning)]
        parts += [(row.short, self.palette.good), ("*" * row.required, self.palette.bad)]
        shown = [(text, paint) for text, paint in parts if text]
        head = " ".join(paint(text) for text, paint in shown)
        size = sum(text_width(text) + 1 for text, _ in shown) - 1
        lines = textwrap.wrap(row.text, self.width - 4 - _UNDER, break_on_hyphens=False)
        texts = [line.replace(_HARD_SPACE, " ") for line in lines]
        return [(head, size), *((" " * _UNDER + t, _UNDER + text_width(t)) for t in texts)]

    def _lines(
        self, row: Row, name: str, column: int, short: int, star: bool, indent: int
    ) -> list[tuple[str, int]]:
        inner = self.width - 4
        head = self.palette.bad("*") + " " if row.required else "  " * star
        painted = self.palette.name(row.names)
        if row.metavar:
            painted += (" " if row.names else "") + self.palette.warning(row.metavar)
        painted += " " * (column - len(name) + 2)
        if short:
            painted += self.palette.good(row.short) + " " * (short - len(row.short) + 2)
        text = textwrap.wrap(row.text, inner - indent, break_on_hyphens=False) or [""]
        text = [line.replace(_HARD_SPACE, " ") for line in text]
        if len(name) > column:
            first = (head + painted, 2 * star + len(name))
            rest = [(" " * indent + line, indent + text_width(line)) for line in text]
            return [first, *rest]
        lines = [(head + painted + text[0], indent + text_width(text[0]))]
        lines += [(" " * indent + line, indent + text_width(line)) for line in text[1:]]
        return lines
