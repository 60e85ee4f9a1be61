"""A report as a comment on a pull request: the verdict first, then tables, within a size."""

from collections.abc import Iterator

from rbrctl.reports.interface import Page, PlainFormat, Report, ReportKind
from rbrctl.reports.markdown import MarkdownTables, folded, markdown_code, markdown_text
from rbrctl.reports.tables import Table, first_rows
from rbrctl.ruleset.findings import Finding, Findings, Severity

COMMENT_LIMIT = 60_000
"""Characters; GitHub takes 65,536 in a comment."""

_FOLD_FROM = 10
_HEADER = ["| | check | where | what |", "| --- | --- | --- | --- |"]
_MARKS = {Severity.ERROR: "**error**", Severity.WARNING: "warning", Severity.NOTE: "note"}


def _row(item: Finding) -> str:
    what = markdown_text(item.message)
    if item.hint is not None:
        what += f"<br>help: {markdown_text(item.hint)}"
    for related in item.related:
        what += f"<br>see {markdown_code(str(related.place))}: {markdown_text(related.message)}"
    where = markdown_code(str(item.place)) if item.place else ""
    return f"| {_MARKS[item.severity]} | {markdown_code(item.id)} | {where} | {what} |"


def _fitting(rows: list[str], limit: int) -> Iterator[str]:
    """Yield the rows that fit into ``limit`` characters."""
    used = 0
    for row in rows:
        used += len(row) + 1
        if used > limit:
            return
        yield row


def findings_table(findings: Findings, limit: int) -> str:
    """Return findings as a table of at most ``limit`` characters, folded where it is long."""
    ordered = sorted(findings.items, key=lambda item: list(Severity).index(item.severity))
    rows = [_row(item) for item in ordered]
    kept = list(_fitting(rows, limit - 250))
    parts = []
    if kept:
        table = "\n".join([*_HEADER, *kept])
        parts.append(folded(f"{len(kept)} findings", table) if len(kept) > _FOLD_FROM else table)
    if len(kept) < len(rows):
        parts.append(f"{len(rows) - len(kept)} more did not fit here.")
    return "\n\n".join(parts)


class MarkdownFormat(PlainFormat):
    """Draws a report as a comment on a pull request, in GitHub's Markdown."""

    name = "markdown"
    position = 3
    kinds = frozenset(ReportKind)

    def draw(self, report: Report, page: Page) -> str:
        """Return the comment; a report that is tables only is drawn as tables."""
        if report.kind is ReportKind.TABLES:
            return MarkdownTables().render(report.tables())
        return comment(report)


def comment(report: Report, limit: int = COMMENT_LIMIT) -> str:
    """
    Return the verdict, the findings and the tables, folded, in at most ``limit`` characters.

    Findings and rows that do not fit are counted.
    """
    own = report.comment(limit)
    if own is not None:
        return own
    parts = [f"### {markdown_text(report.heading)}"]
    findings, tables = report.findings(), report.tables()
    left = limit - len(parts[0]) - 2
    if findings.items:
        parts.append(findings_table(findings, left // 2 if tables else left))
        left -= len(parts[1]) + 2
    for number, table in enumerate(tables):
        parts.append(_folded(table, left // (len(tables) - number)))
        left -= len(parts[-1]) + 2
    return "\n\n".join(parts)


def _folded(table: Table, limit: int) -> str:
    """Return a table with as many of its first rows as fit."""
    count = len(table.rows)
    while True:
        body = MarkdownTables(heading="").render([first_rows(table, count)])
        # 200 characters are room for the title and the HTML that folds the table.
        if len(body) + 200 <= limit or count == 0:
            return folded(table.title, body)
        count //= 2


FORMAT = MarkdownFormat()
