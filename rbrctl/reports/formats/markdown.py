"""Findings as a comment on a pull request: the verdict first, then a table, within a size."""

from collections.abc import Iterator

from rbrctl.reports.findings import summary_line
from rbrctl.reports.markdown import folded, markdown_code, markdown_text
from rbrctl.ruleset.findings import Finding, Findings, Severity

COMMENT_LIMIT = 60_000
"""Characters; GitHub takes 65,536 in a comment."""

_FOLD_FROM = 10
_HEADER = ["| | check | where | what |", "| --- | --- | --- | --- |"]
_MARKS = {Severity.ERROR: "**error**", Severity.WARNING: "warning", Severity.NOTE: "note"}


def _row(item: Finding) -> str:
    what = markdown_text(item.message)
    if item.hint is not None:
        what += f"<br>would be right: {markdown_text(item.hint)}"
    for related in item.related:
        what += f"<br>see {markdown_code(str(related.place))}: {markdown_text(related.message)}"
    where = markdown_code(str(item.place)) if item.place else ""
    return f"| {_MARKS[item.severity]} | {markdown_code(item.id)} | {where} | {what} |"


def _fitting(rows: list[str], limit: int) -> Iterator[str]:
    """Give the rows that fit into ``limit`` characters."""
    used = 0
    for row in rows:
        used += len(row) + 1
        if used > limit:
            return
        yield row


def findings_table(findings: Findings, limit: int) -> str:
    """Draw findings as a table of at most ``limit`` characters, folded where it is long."""
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


class MarkdownFindings:
    """Draws findings in GitHub's Markdown; what does not fit is counted."""

    def __init__(self, limit: int = COMMENT_LIMIT) -> None:
        """Stay within ``limit`` characters."""
        self.limit = limit

    def render(self, findings: Findings, subject: str = "") -> str:
        """Draw the verdict and the table."""
        verdict = "failed" if findings.failed else "passed"
        heading = f"### rbrctl {verdict}: {markdown_text(summary_line(findings, subject))}"
        if not findings.items:
            return heading
        return f"{heading}\n\n{findings_table(findings, self.limit - len(heading) - 2)}"
