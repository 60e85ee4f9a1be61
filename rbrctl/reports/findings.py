"""Findings: each with its place, the line itself with the part underlined, and the remedy."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rbrctl.reports.interface import Page, Part, Report, ReportKind, Sentence
from rbrctl.reports.terminal import Palette, Tone, printable, text_width
from rbrctl.ruleset.findings import Finding, Findings, Place, Severity
from rbrctl.wording import counted

FINDINGS_VERSION = 1
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML counts as the end of a line."""


def summary_line(findings: Findings, subject: str = "") -> str:
    """Return the count in words: ``2 errors, 1 note (1 finding accepted) in 9 files``."""
    counts = Counter(item.severity for item in findings.items)
    words = [counted(counts[severity], severity.value) for severity in Severity if counts[severity]]
    text = ", ".join(words) or "no findings"
    if accepted := len(findings.accepted):
        text += f" ({counted(accepted, 'finding')} accepted)"
    return text + (f" in {subject}" if subject else "")


def summary_sentence(findings: Findings, subject: str = "") -> Sentence:
    """Return the count of the findings, in the tone of the worst of them."""
    text = printable(summary_line(findings, subject))
    return Sentence(text, Tone.BAD if findings.failed else Tone.GOOD)


class SourceLines:
    """The lines of the files that findings speak of, each file split once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Take the texts of the files, by file name."""
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def at(self, place: Place) -> str | None:
        """Return the line that a place starts on; None where the text is not available."""
        if place.file not in self._texts:
            return None
        if place.file not in self._lines:
            self._lines[place.file] = _LINE_BREAK.split(self._texts[place.file])
        lines = self._lines[place.file]
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None


class TextFindings:
    """Draws findings for people: places that a terminal makes clickable, and carets."""

    def __init__(self, palette: Palette, width: int = 80) -> None:
        """Use the styles of ``palette``; of a line longer than ``width`` only a part is shown."""
        self.palette = palette
        self.width = width

    def blocks(self, findings: Findings) -> list[str]:
        """Return each finding as a block of lines."""
        sources = SourceLines(findings.texts)
        return ["\n".join(self._finding(sources, item)) for item in findings.items]

    def _finding(self, sources: SourceLines, item: Finding) -> list[str]:
        paint = {
            Severity.ERROR: self.palette.bad,
            Severity.WARNING: self.palette.warning,
            Severity.NOTE: self.palette.note,
        }[item.severity]
        place = f"{self.palette.bold(printable(str(item.place)))}: " if item.place else ""
        kind = paint(f"{item.severity}[{printable(item.id)}]")
        lines = [f"{place}{kind}: {printable(item.message)}"]
        gutter = 4
        if item.place is not None:
            source = sources.at(item.place)
            gutter = max(gutter, len(str(item.place.line)))
            if source is not None and source.strip():
                lines += self._underlined(source, item.place, gutter, paint)
        margin = " " * gutter
        if item.hint is not None:
            label = self.palette.note("= help:")
            lines.append(f"{margin} {label} {printable(item.hint)}")
        for related in item.related:
            label = self.palette.note("= see")
            where = printable(str(related.place))
            lines.append(f"{margin} {label} {where}: {printable(related.message)}")
        return lines

    def _underlined(self, source: str, place: Place, gutter: int, paint: Any) -> list[str]:
        """Return the line, or a part of a very long one, and carets under the span."""
        start = min(max(place.column - 1, 0), len(source))
        end = place.end_column - 1 if place.end_line == place.line else len(source)
        end = min(max(end, start), len(source))
        room = max(20, self.width - gutter - 5)
        first = max(0, min(start - 20, len(source) - room)) if len(source) > room else 0
        last = min(len(source), first + room)
        before = ("…" if first else "") + printable(source[first:start])
        marked = printable(source[start : min(end, last)])
        after = printable(source[min(end, last) : last]) + ("…" if last < len(source) else "")
        carets = paint("^" * max(1, text_width(marked)))
        number = self.palette.dim(f"{place.line:>{gutter}} |")
        bar = self.palette.dim(f"{'':>{gutter}} |")
        return [f"{number} {before}{marked}{after}", f"{bar} {' ' * text_width(before)}{carets}"]


def place_body(place: Place | None) -> dict[str, Any] | None:
    """Return a place as JSON reports have it; None where there is none."""
    if place is None:
        return None
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }


def _finding(item: Finding) -> dict[str, Any]:
    return {
        "id": item.id,
        "severity": item.severity.value,
        "message": item.message,
        "hint": item.hint,
        "place": place_body(item.place),
        "related": [
            {"message": related.message, "place": place_body(related.place)}
            for related in item.related
        ],
    }


def findings_body(findings: Findings) -> Mapping[str, Any]:
    """Return the body of a JSON report: ``failed``, ``counts``, ``findings``, ``accepted``."""
    counts = Counter(item.severity for item in findings.items)
    return {
        "failed": findings.failed,
        "counts": {severity.value: counts[severity] for severity in Severity},
        "findings": [_finding(item) for item in findings.items],
        "accepted": [
            {**_finding(each.finding), "reason": each.reason} for each in findings.accepted
        ],
    }


@dataclass(frozen=True, slots=True)
class FindingsReport(Report):
    """
    Findings and their count.

    As JSON it is ``{"report": "findings", "version": 1, "subject", "failed", "counts", "findings",
    "accepted"}``. A finding is ``{"id", "severity", "message", "hint", "place", "related"}``; a
    place is null or ``{"file", "line", "column", "end_line", "end_column"}``, counted from 1, with
    an exclusive end. What is accepted has a ``"reason"``, too.
    """

    kind: ClassVar[ReportKind] = ReportKind.FINDINGS
    items: Findings
    subject: str = ""
    """What was examined, for instance ``9 files, 61 rules``."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """The documentation of the checks, by their id."""
    name: str = "findings"
    version: int = FINDINGS_VERSION

    @property
    def passed(self) -> bool:
        """True if no finding is an error or a warning."""
        return not self.items.failed

    @property
    def verdict(self) -> str:
        """The count of the findings."""
        return summary_line(self.items, self.subject)

    @property
    def log_line(self) -> str:
        """The count, which says by itself whether anything is wrong."""
        return f"{self.title}: {self.verdict}"

    def parts(self, page: Page) -> Sequence[Part]:
        """Return the findings, then their count."""
        return [self.items, summary_sentence(self.items, self.subject)]

    def findings(self) -> Findings:
        """Return the findings."""
        return self.items

    def descriptions(self) -> Mapping[str, str]:
        """Return the documentation of the checks, by their id."""
        return self.pages

    def body(self) -> Mapping[str, Any]:
        """Return the JSON report's keys."""
        return {"subject": self.subject, **findings_body(self.items)}
