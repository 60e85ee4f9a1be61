"""From a report to standard output, in the format that the user chose."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.output import Output
from rbrctl.reports.interface import ReportKind

if TYPE_CHECKING:
    from rbrctl.reports.interface import Report
    from rbrctl.reports.tables import Table
    from rbrctl.ruleset.findings import Findings


def format_option(kind: ReportKind) -> Any:
    """Return the option ``--format`` for a kind of report; its choices are the registered ones."""
    from rbrctl.reports.formats import automatic_formats, format_names

    names = format_names(kind)
    text = f"{', '.join(names[:-1])} or {names[-1]}"
    for each in automatic_formats(kind):
        text += f"; auto is {each.name} inside {each.automatic_place}, else text"

    def parse(value: str) -> str:
        if value not in names:
            known = ", ".join(f"'{name}'" for name in names)
            raise typer.BadParameter(f"'{value}' is not one of {known}.")
        return value

    def complete(incomplete: str) -> list[str]:
        return [name for name in names if name.startswith(incomplete)]

    return typer.Option(
        "--format", "-f", metavar="FORMAT", parser=parse, autocompletion=complete, help=f"{text}."
    )


# Not among the options of every command: a run that needs no format does not import any.
FindingsFormatOption = Annotated[str, format_option(ReportKind.FINDINGS)]
CheckFormatOption = Annotated[str, format_option(ReportKind.CHECK)]
TableFormatOption = Annotated[str, format_option(ReportKind.TABLES)]
ComparisonFormatOption = Annotated[str, format_option(ReportKind.COMPARISON)]
TestsFormatOption = Annotated[str, format_option(ReportKind.TESTS)]


def write_report(output: Output, report: "Report", format_: str, *, wide: bool = False) -> None:
    """Write a report to standard output, and its summary where the format has one."""
    from rbrctl.reports.formats import format_named
    from rbrctl.reports.interface import Page

    chosen = format_named(format_, report.kind, output.environment)
    output.report(chosen.draw(report, Page(output.palette, output.width, wide)))
    if summary := chosen.summary(report):
        output.summarize(summary)


def report_findings(
    output: Output,
    findings: "Findings",
    format_: str,
    subject: str = "",
    descriptions: Mapping[str, str] | None = None,
) -> ExitCode:
    """
    Report findings; the exit code is NO where any is an error or a warning.

    ``subject`` says what was examined (``9 files, 61 rules``); ``descriptions`` document the
    checks, by id.
    """
    from rbrctl.reports.findings import FindingsReport

    write_report(output, FindingsReport(findings, subject, descriptions or {}), format_)
    return ExitCode.NO if findings.failed else ExitCode.YES


def report_tables(
    output: Output,
    tables: "Sequence[Table]",
    format_: str,
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
    from rbrctl.reports.outcome import TablesReport

    write_report(output, TablesReport(name, version, tables, body or {}), format_, wide=wide)
