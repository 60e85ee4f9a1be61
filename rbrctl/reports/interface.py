"""What a kind of report hands over, and what an output format does with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from rbrctl.reports.tables import Table
from rbrctl.reports.terminal import PLAIN, Palette, Tone
from rbrctl.ruleset.findings import Findings

AUTO = "auto"
"""Stands for the format that fits the place where the command runs."""
TEXT = "text"
"""The format for a terminal, which is the default."""


class ReportKind(StrEnum):
    """What a report is about. A format says which of these it can draw."""

    FINDINGS = "findings"
    CHECK = "check"
    """The outcome of a command that passes or fails, such as the accuracy of a grader."""
    TABLES = "tables"
    TESTS = "tests"
    COMPARISON = "comparison"


@dataclass(frozen=True, slots=True)
class Page:
    """The place where a report is shown, as far as a format must know it."""

    palette: Palette = PLAIN
    width: int = 80
    wide: bool = False
    """Draw tables with all their columns, wider than ``width`` if necessary."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def table_width(self) -> int | None:
        """The number of columns for tables; None where they may be as wide as they need."""
        return None if self.wide else self.width


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line or a paragraph of plain text, with the tone in which it is said."""

    text: str
    tone: Tone | None = None


Part = Sentence | Findings | Sequence[Table]
"""A piece of a report that every format can draw in its own way."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test: it passed unless ``failure`` or ``skipped`` gives a reason."""

    group: str
    name: str
    failure: str | None = None
    details: str = ""
    """Further lines about a failure."""
    skipped: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that belong together."""

    name: str
    cases: Sequence[Case]


class Report:
    """
    A report that no format has drawn yet.

    Each kind of report is a subclass. It overrides what it has more of than these defaults; a
    format reads the parts that it can show.
    """

    kind: ClassVar[ReportKind]
    name: str
    """The value of ``report`` in JSON."""
    version: int
    """The version of the JSON report's shape."""

    @property
    def passed(self) -> bool:
        """True unless the report is about something that failed."""
        return True

    @property
    def title(self) -> str:
        """The program or command that reports."""
        return "rbrctl"

    @property
    def verdict(self) -> str:
        """The result in one line."""
        return "passed" if self.passed else "failed"

    @property
    def heading(self) -> str:
        """The verdict after the command's name."""
        return f"{self.title} {'passed' if self.passed else 'failed'}: {self.verdict}"

    @property
    def log_line(self) -> str:
        """The verdict as the last line of a CI step's log."""
        return self.heading

    def parts(self, page: Page) -> Sequence[Part]:
        """Return what a reader sees, in the order of reading."""
        return [self.tables()]

    def tables(self) -> Sequence[Table]:
        """Return the tables of the report."""
        return ()

    def findings(self) -> Findings:
        """Return what is wrong, each finding with its place in the files where it has one."""
        return Findings()

    def descriptions(self) -> Mapping[str, str]:
        """Return the documentation of the findings, by their id."""
        return {}

    def body(self) -> Mapping[str, Any]:
        """Return the JSON report's keys after ``report`` and ``version``."""
        return {}

    def suites(self) -> Sequence[Suite]:
        """
        Return the tests that were run.

        An empty sequence lets a format for tests make one test of each finding.
        """
        return ()

    def comment(self, limit: int) -> str | None:
        """
        Return the report as Markdown of at most ``limit`` characters.

        None leaves the layout to the Markdown format: the heading, the findings, the tables.
        """
        return None


class OutputFormat(Protocol):
    """One format. Its module in ``reports/formats`` has it as ``FORMAT``."""

    name: str
    """What the user writes after ``--format``."""
    position: int
    """Its place in the list of formats that help pages and messages show."""
    kinds: frozenset[ReportKind]
    """The kinds of report that it can draw."""

    automatic_place: str
    """The place where ``--format auto`` means this format; empty where it never does."""

    def is_automatic(self, environment: Mapping[str, str]) -> bool:
        """Return True where ``--format auto`` means this format."""

    def draw(self, report: Report, page: Page) -> str:
        """Return the report as text for standard output."""

    def summary(self, report: Report) -> str:
        """Return Markdown for the summary of a CI step, or an empty string for none."""


class PlainFormat:
    """What most formats share: they are never automatic and leave no summary."""

    automatic_place = ""

    def is_automatic(self, environment: Mapping[str, str]) -> bool:
        """Return False: the format is used only when the user names it."""
        return False

    def summary(self, report: Report) -> str:
        """Return an empty string: the format has no summary."""
        return ""
