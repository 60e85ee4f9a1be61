"""What a checking command has to report: a verdict in one line, tables, and what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rbrctl.reports.findings import TextFindings, findings_body
from rbrctl.reports.findings_markdown import COMMENT_LIMIT, findings_table
from rbrctl.reports.github import annotations, escape_data, with_commands
from rbrctl.reports.json_report import json_report
from rbrctl.reports.json_tables import json_rows
from rbrctl.reports.markdown import MarkdownTables, folded, markdown_text
from rbrctl.reports.tables import Table, first_rows
from rbrctl.reports.terminal import Palette, printable
from rbrctl.reports.text_tables import TextTables
from rbrctl.ruleset.findings import Findings


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a command found out.

    ``verdict`` says it in one line; ``findings`` are what failed (a gate, a test, a regression),
    each where possible with the place of the rule that it is about.
    """

    command: str
    """The command's name, which is its JSON report's as well."""
    version: int
    """Of the JSON report's shape."""
    passed: bool
    verdict: str
    tables: Sequence[Table] = ()
    findings: Findings = field(default_factory=Findings)
    body: Mapping[str, Any] = field(default_factory=dict)
    """What else the JSON report holds."""

    @property
    def heading(self) -> str:
        """The verdict after the command's name."""
        return f"rbrctl {self.command} {'passed' if self.passed else 'failed'}: {self.verdict}"


class TextOutcome:
    """Draws the tables, what failed, and the verdict last, where a terminal ends."""

    def __init__(self, palette: Palette, width: int, *, wide: bool = False) -> None:
        """Draw with ``palette`` in ``width`` columns, tables as wide as they are if ``wide``."""
        self.palette = palette
        self.width = width
        self.wide = wide

    def render(self, outcome: Outcome) -> str:
        """Draw the outcome."""
        parts = []
        if outcome.tables:
            width = None if self.wide else self.width
            parts.append(TextTables(self.palette, width).render(outcome.tables))
        parts += TextFindings(self.palette, self.width).blocks(outcome.findings)
        verdict = printable(outcome.verdict)
        parts.append(self.palette.good(verdict) if outcome.passed else self.palette.bad(verdict))
        return "\n\n".join(parts)


class JsonOutcome:
    """
    Writes an outcome as one JSON object.

    It is ``{"report", "version", "passed", "verdict", **body, one list of rows a table,
    "findings"}``.
    """

    def render(self, outcome: Outcome) -> str:
        """Write the report."""
        head = {"passed": outcome.passed, "verdict": outcome.verdict}
        rows = {table.key: json_rows(table) for table in outcome.tables}
        findings = {"findings": findings_body(outcome.findings)["findings"]}
        body = {**head, **outcome.body, **rows, **findings}
        return json_report(outcome.command, outcome.version, body)


class GithubOutcome:
    """Writes an annotation for each thing that failed, then the verdict."""

    def render(self, outcome: Outcome) -> str:
        """Write the workflow commands."""
        # The runner also reads commands of an older form, anywhere in a line.
        heading = escape_data(outcome.heading).replace("##[", "## [")
        return with_commands(annotations(outcome.findings), heading)


class MarkdownOutcome:
    """Draws a comment on a pull request: the verdict, what failed, and the tables folded."""

    def __init__(self, limit: int = COMMENT_LIMIT) -> None:
        """Stay within ``limit`` characters."""
        self.limit = limit

    def render(self, outcome: Outcome) -> str:
        """Draw the comment; rows that do not fit are counted."""
        parts = [f"### {markdown_text(outcome.heading)}"]
        if outcome.findings.items:
            parts.append(findings_table(outcome.findings, self.limit // 2))
        left = self.limit - sum(len(part) + 2 for part in parts)
        for number, table in enumerate(outcome.tables):
            fair = left // (len(outcome.tables) - number)
            part = self._folded(table, fair)
            parts.append(part)
            left -= len(part) + 2
        return "\n\n".join(parts)

    def _folded(self, table: Table, limit: int) -> str:
        """Draw a table with as many of its first rows as fit."""
        count = len(table.rows)
        while True:
            body = MarkdownTables(heading="").render([first_rows(table, count)])
            if len(body) + 200 <= limit or count == 0:
                return folded(table.title, body)
            count //= 2
