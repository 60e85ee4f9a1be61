"""From ``--format`` to the class that draws it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rbrctl import __version__
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import FindingsFormat, OutcomeFormat, TableFormat
from rbrctl.cli.output import Output
from rbrctl.ruleset.findings import Findings

if TYPE_CHECKING:
    from rbrctl.reports.findings import FindingsReport
    from rbrctl.reports.formats.junit import Suite
    from rbrctl.reports.outcome import Outcome
    from rbrctl.reports.tables import Table


def settled(format_: FindingsFormat, output: Output) -> FindingsFormat:
    """Resolve ``auto``: github inside GitHub Actions, else text."""
    if format_ is not FindingsFormat.AUTO:
        return format_
    return FindingsFormat.GITHUB if output.in_github_actions else FindingsFormat.TEXT


def findings_report(
    format_: FindingsFormat, output: Output, descriptions: Mapping[str, str] | None = None
) -> "FindingsReport":
    """Give the class that draws findings in a format."""
    # Each format is imported where it is chosen: most runs need one.
    match settled(format_, output):
        case FindingsFormat.JSON:
            from rbrctl.reports.findings import JsonFindings

            return JsonFindings()
        case FindingsFormat.GITHUB:
            from rbrctl.reports.formats.github import GithubFindings

            return GithubFindings()
        case FindingsFormat.MARKDOWN:
            from rbrctl.reports.formats.markdown import MarkdownFindings

            return MarkdownFindings()
        case FindingsFormat.SARIF:
            from rbrctl.reports.formats.sarif import SarifFindings

            return SarifFindings(__version__, descriptions)
        case FindingsFormat.JUNIT:
            from rbrctl.reports.formats.junit import JunitFindings

            return JunitFindings(datetime.now(UTC))
        case _:
            from rbrctl.reports.findings import TextFindings

            return TextFindings(output.palette, output.width)


def report_findings(
    output: Output,
    findings: Findings,
    format_: FindingsFormat,
    subject: str = "",
    descriptions: Mapping[str, str] | None = None,
) -> ExitCode:
    """
    Report findings; the code is NO when any is an error or a warning.

    ``subject`` says what was looked at (``9 files, 61 rules``); ``descriptions`` document the
    checks, by id. In GitHub Actions' format the step's summary is written as well.
    """
    output.report(findings_report(format_, output, descriptions).render(findings, subject))
    if settled(format_, output) is FindingsFormat.GITHUB:
        from rbrctl.reports.formats.markdown import MarkdownFindings

        output.summarize(MarkdownFindings().render(findings, subject))
    return ExitCode.NO if findings.failed else ExitCode.YES


def report_outcome(
    output: Output,
    outcome: "Outcome",
    format_: OutcomeFormat,
    *,
    wide: bool = False,
    suites: "Sequence[Suite]" = (),
    descriptions: Mapping[str, str] | None = None,
) -> None:
    """
    Report an outcome; the exit code stays the command's to choose.

    ``suites`` are the tests that were run, for junit. In GitHub Actions' format the step's summary
    is written as well.
    """
    from rbrctl.reports import outcome as drawn

    if format_ is OutcomeFormat.AUTO:
        format_ = OutcomeFormat.GITHUB if output.in_github_actions else OutcomeFormat.TEXT
    match format_:
        case OutcomeFormat.JSON:
            text = drawn.JsonOutcome().render(outcome)
        case OutcomeFormat.CSV:
            from rbrctl.reports.formats.csv import CsvTables

            text = CsvTables().render(outcome.tables)
        case OutcomeFormat.MARKDOWN:
            text = drawn.MarkdownOutcome().render(outcome)
        case OutcomeFormat.GITHUB:
            output.summarize(drawn.MarkdownOutcome().render(outcome))
            text = drawn.GithubOutcome().render(outcome)
        case OutcomeFormat.SARIF:
            from rbrctl.reports.formats.sarif import SarifFindings

            text = SarifFindings(__version__, descriptions).render(outcome.findings)
        case OutcomeFormat.JUNIT:
            from rbrctl.reports.formats.junit import JunitOutcome

            text = JunitOutcome(datetime.now(UTC), suites).render(outcome)
        case _:
            text = drawn.TextOutcome(output.palette, output.width, wide=wide).render(outcome)
    output.report(text)


def report_tables(
    output: Output,
    tables: Sequence["Table"],
    format_: TableFormat,
    *,
    name: str,
    version: int,
    wide: bool = False,
    body: Mapping[str, Any] | None = None,
) -> None:
    """
    Report tables.

    As JSON they are ``{"report": name, "version": version, **body, table key: rows, ...}``; the
    other formats show ``tables`` alone.
    """
    from rbrctl.reports.formats.csv import CsvTables
    from rbrctl.reports.json_report import json_report
    from rbrctl.reports.json_tables import json_rows
    from rbrctl.reports.markdown import MarkdownTables
    from rbrctl.reports.text_tables import TextTables

    match format_:
        case TableFormat.JSON:
            rows = {table.key: json_rows(table) for table in tables}
            text = json_report(name, version, {**(body or {}), **rows})
        case TableFormat.CSV:
            text = CsvTables().render(tables)
        case TableFormat.MARKDOWN:
            text = MarkdownTables().render(tables)
        case _:
            text = TextTables(output.palette, None if wide else output.width).render(tables)
    output.report(text)
