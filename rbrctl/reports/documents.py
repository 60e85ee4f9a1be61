"""A readable document as data, and its two forms: Markdown and one page of HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rbrctl.reports.markdown import markdown_code, markdown_text
from rbrctl.reports.terminal import printable


@dataclass(frozen=True, slots=True)
class Code:
    """A name or an expression."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that matter."""

    text: str


Inline = str | Code | Strong
Line = Sequence[Inline]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is the document's own."""

    level: int
    title: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    line: Line


@dataclass(frozen=True, slots=True)
class Bullets:
    """An unordered list."""

    items: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the titles of its columns, and its rows."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Line]]


Block = Heading | Paragraph | Bullets | Grid


class MarkdownDocument:
    """Draws a document in GitHub's Markdown."""

    def render(self, blocks: Sequence[Block]) -> str:
        """Draw the blocks, a blank line between them."""
        return "\n\n".join(self._block(block) for block in blocks) + "\n"

    def _block(self, block: Block) -> str:
        match block:
            case Heading(level, title):
                return f"{'#' * level} {self._line(title)}"
            case Paragraph(line):
                return self._line(line)
            case Bullets(items):
                return "\n".join(f"- {self._line(item)}" for item in items)
            case Grid(titles, rows):
                drawn = [[markdown_text(title) for title in titles], ["---"] * len(titles)]
                drawn += [[self._line(cell) for cell in row] for row in rows]
                return "\n".join(f"| {' | '.join(row)} |" for row in drawn)

    def _line(self, line: Line) -> str:
        return "".join(self._inline(part) for part in line)

    def _inline(self, part: Inline) -> str:
        match part:
            case Code(text):
                return markdown_code(text)
            case Strong(text):
                return f"**{markdown_text(text)}**"
            case text:
                # Escapes at the start of a line are for lines; a part may stand within one.
                edges = len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))
                body = markdown_text(text.strip(" "))
                return " " * edges[0] + body + " " * edges[1] if body else " " * len(text)


_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-size: 0.9em; padding: 0.1em 0.3em; border-radius: 0.2em; background: #8882; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { border-bottom: 1px solid #8886; padding: 0.3rem 0.6rem; text-align: left; }
td { vertical-align: top; }
h2 { border-bottom: 1px solid #8886; margin-top: 2.5rem; }
"""


class HtmlDocument:
    """Draws a document as one page that needs nothing else and runs nothing."""

    def render(self, blocks: Sequence[Block]) -> str:
        """Draw the page; its title is the first heading's."""
        titles = [block.title for block in blocks if isinstance(block, Heading)]
        title = "".join(_plain(part) for part in (titles[0] if titles else ["rbrctl"]))
        head = [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{_escaped(title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
        ]
        return "\n".join([*head, *map(self._block, blocks), "</body>", "</html>"]) + "\n"

    def _block(self, block: Block) -> str:
        match block:
            case Heading(level, title):
                return f"<h{level}>{self._line(title)}</h{level}>"
            case Paragraph(line):
                return f"<p>{self._line(line)}</p>"
            case Bullets(items):
                return f"<ul>{''.join(f'<li>{self._line(item)}</li>' for item in items)}</ul>"
            case Grid(titles, rows):
                head = "".join(f"<th>{_escaped(title)}</th>" for title in titles)
                body = "".join(
                    f"<tr>{''.join(f'<td>{self._line(cell)}</td>' for cell in row)}</tr>\n"
                    for row in rows
                )
                return f"<table>\n<tr>{head}</tr>\n{body}</table>"

    def _line(self, line: Line) -> str:
        return "".join(self._inline(part) for part in line)

    def _inline(self, part: Inline) -> str:
        match part:
            case Code(text):
                return f"<code>{_escaped(text)}</code>"
            case Strong(text):
                return f"<strong>{_escaped(text)}</strong>"
            case text:
                return _escaped(text)


def _plain(part: Inline) -> str:
    return part if isinstance(part, str) else part.text


def _escaped(text: str) -> str:
    return escape(printable(text))
