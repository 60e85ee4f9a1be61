"""GitHub's workflow commands: findings as annotations on the lines of a pull request."""

from rbrctl.reports.findings import summary_line
from rbrctl.reports.terminal import WorkflowCommands, printable, without_commands
from rbrctl.ruleset.findings import Finding, Findings, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def escape_data(text: str) -> str:
    """Escape a command's message as the runner demands, newlines kept as ``%0A``."""
    lines = text.replace("%", "%25").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(map(printable, lines))


def escape_property(text: str) -> str:
    """Escape the value of a command's property: also the colon and the comma that end it."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _annotation(item: Finding) -> str:
    properties = {}
    if item.place is not None:
        properties["file"] = item.place.file
        properties["line"] = str(item.place.line)
        properties["endLine"] = str(item.place.end_line)
        # Columns are only understood within one line.
        if item.place.line == item.place.end_line:
            properties["col"] = str(item.place.column)
            properties["endColumn"] = str(max(item.place.column, item.place.end_column))
    properties["title"] = item.id
    message = item.message
    if item.hint is not None:
        message += f"\nwould be right: {item.hint}"
    for related in item.related:
        message += f"\nsee {related.place}: {related.message}"
    settings = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[item.severity]} {settings}::{escape_data(message)}"


def annotations(findings: Findings) -> list[str]:
    """Write one workflow command a finding; errors first, since a step shows ten of each kind."""
    ordered = sorted(findings.items, key=lambda item: list(Severity).index(item.severity))
    return [_annotation(item) for item in ordered]


def with_commands(commands: list[str], rest: str) -> WorkflowCommands:
    """Return a report of workflow commands and then of text that holds none."""
    return WorkflowCommands("\n".join([*commands, without_commands(rest)]))


class GithubFindings:
    """Writes one workflow command for each finding, then the count."""

    def render(self, findings: Findings, subject: str = "") -> str:
        """Write the commands."""
        # The runner also reads commands of an older form, anywhere in a line.
        summary = escape_data(summary_line(findings, subject)).replace("##[", "## [")
        return with_commands(annotations(findings), f"rbrctl: {summary}")
