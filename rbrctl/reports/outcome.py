"""The result of a checking command: a verdict in one line, tables, and what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rbrctl.reports.findings import findings_body
from rbrctl.reports.interface import Page, Part, Report, ReportKind, Sentence
from rbrctl.reports.json_tables import json_rows
from rbrctl.reports.tables import Table
from rbrctl.reports.terminal import Tone, printable
from rbrctl.ruleset.findings import Findings


@dataclass(frozen=True, slots=True)
class CheckReport(Report):
    """
    The result of a command that passes or fails.

    ``summary`` says it in one line; ``problems`` are what failed (a gate, a test, a regression),
    each where possible with the place of the rule that it is about. As JSON it is ``{"report",
    "version", "passed", "verdict", **details, one list of rows for each table, "findings"}``.
    """

    kind: ClassVar[ReportKind] = ReportKind.CHECK
    name: str
    """The command's name, which is the JSON report's as well."""
    version: int
    success: bool
    summary: str
    data: Sequence[Table] = ()
    problems: Findings = field(default_factory=Findings)
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the JSON report."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """The documentation of the findings, by their id."""

    @property
    def passed(self) -> bool:
        """True if the check was successful."""
        return self.success

    @property
    def title(self) -> str:
        """The command that reports."""
        return f"rbrctl {self.name}"

    @property
    def verdict(self) -> str:
        """The result in one line."""
        return self.summary

    def parts(self, page: Page) -> Sequence[Part]:
        """Return the tables, what failed, and the verdict last, where a terminal's cursor is."""
        # The verdict stays one line, whatever the names in it contain.
        verdict = Sentence(printable(self.summary), Tone.GOOD if self.success else Tone.BAD)
        return [self.data, self.problems, verdict]

    def tables(self) -> Sequence[Table]:
        """Return the tables."""
        return self.data

    def findings(self) -> Findings:
        """Return what failed."""
        return self.problems

    def descriptions(self) -> Mapping[str, str]:
        """Return the documentation of the findings, by their id."""
        return self.pages

    def body(self) -> Mapping[str, Any]:
        """Return the JSON report's keys."""
        return {
            "passed": self.success,
            "verdict": self.summary,
            **self.details,
            **{table.key: json_rows(table) for table in self.data},
            "findings": findings_body(self.problems)["findings"],
        }


@dataclass(frozen=True, slots=True)
class TablesReport(Report):
    """
    Tables without a verdict.

    As JSON they are ``{"report", "version", **details, one list of rows for each table}``; the
    other formats show the tables alone.
    """

    kind: ClassVar[ReportKind] = ReportKind.TABLES
    name: str
    version: int
    data: Sequence[Table]
    details: Mapping[str, Any] = field(default_factory=dict)

    def tables(self) -> Sequence[Table]:
        """Return the tables."""
        return self.data

    def body(self) -> Mapping[str, Any]:
        """Return the JSON report's keys."""
        return {**self.details, **{table.key: json_rows(table) for table in self.data}}
