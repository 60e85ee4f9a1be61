"""Text for a terminal: tables, findings with the line they are about, and sentences in colour."""

from typing import TYPE_CHECKING

from rbrctl.reports.interface import TEXT, Page, Part, PlainFormat, Report, ReportKind, Sentence
from rbrctl.reports.terminal import Tone, printable
from rbrctl.ruleset.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator


class TextFormat(PlainFormat):
    """Draws the parts of a report one below another, with an empty line between them."""

    name = TEXT
    position = 0
    kinds = frozenset(ReportKind)

    def draw(self, report: Report, page: Page) -> str:
        """Return the report's parts as text."""
        return "\n\n".join(block for part in report.parts(page) for block in _blocks(part, page))


def _blocks(part: Part, page: Page) -> "Iterator[str]":
    from rbrctl.reports.findings import TextFindings
    from rbrctl.reports.text_tables import TextTables

    if isinstance(part, Sentence):
        yield _painted(part, page)
    elif isinstance(part, Findings):
        yield from TextFindings(page.palette, page.width).blocks(part)
    elif part:
        yield TextTables(page.palette, page.table_width).render(part)


def _painted(sentence: Sentence, page: Page) -> str:
    lines = map(printable, sentence.text.split("\n"))
    if sentence.tone is None:
        return "\n".join(lines)
    paint = {
        Tone.GOOD: page.palette.good,
        Tone.WARNING: page.palette.warning,
        Tone.BAD: page.palette.bad,
        Tone.MUTED: page.palette.dim,
    }[sentence.tone]
    return "\n".join(map(paint, lines))


FORMAT = TextFormat()
