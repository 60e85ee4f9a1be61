"""GitHub's workflow commands: findings as annotations on the lines of a pull request."""

from collections.abc import Mapping

from rbrctl.reports.interface import Page, Report, ReportKind
from rbrctl.reports.terminal import WorkflowCommands, printable, without_commands
from rbrctl.ruleset.findings import Finding, Findings, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def escape_data(text: str) -> str:
    """Return a command's message as the runner wants it, with newlines as ``%0A``."""
    lines = text.replace("%", "%25").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(map(printable, lines))


def escape_property(text: str) -> str:
    """Return a property's value as the runner wants it: colons and commas would end it."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _annotation(item: Finding) -> str:
    properties = {}
    if item.place is not None:
        properties["file"] = item.place.file
        properties["line"] = str(item.place.line)
        properties["endLine"] = str(item.place.end_line)
        # The runner understands columns only where the finding is within one line.
        if item.place.line == item.place.end_line:
            properties["col"] = str(item.place.column)
            properties["endColumn"] = str(max(item.place.column, item.place.end_column))
    properties["title"] = item.id
    message = item.message
    if item.hint is not None:
        message += f"\nhelp: {item.hint}"
    for related in item.related:
        message += f"\nsee {related.place}: {related.message}"
    settings = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[item.severity]} {settings}::{escape_data(message)}"


def annotations(findings: Findings) -> list[str]:
    """Return one workflow command for each finding, errors first: a step shows only ten a kind."""
    ordered = sorted(findings.items, key=lambda item: list(Severity).index(item.severity))
    return [_annotation(item) for item in ordered]


class GithubFormat:
    """Writes one workflow command for each finding, then the verdict."""

    name = "github"
    position = 4
    kinds = frozenset(ReportKind) - {ReportKind.TABLES}
    automatic_place = "GitHub Actions"

    def is_automatic(self, environment: Mapping[str, str]) -> bool:
        """Return True inside a GitHub Actions job."""
        return environment.get("GITHUB_ACTIONS") == "true"

    def draw(self, report: Report, page: Page) -> str:
        """Return the commands and the verdict."""
        # The runner also reads commands of an older form, anywhere in a line.
        line = without_commands(escape_data(report.log_line).replace("##[", "## ["))
        return WorkflowCommands("\n".join([*annotations(report.findings()), line]))

    def summary(self, report: Report) -> str:
        """Return the report as Markdown, for the page of the job."""
        from rbrctl.reports.formats.markdown import comment

        return comment(report)


FORMAT = GithubFormat()
