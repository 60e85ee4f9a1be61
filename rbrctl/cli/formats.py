"""Writing a report to standard output in the format that the user chose."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.output import Output
from rbrctl.reports.interface import ReportKind

if TYPE_CHECKING:
    from rbrctl.reports.interface import Report
    from rbrctl.reports.tables import Table
    from rbrctl.ruleset.findings import Findings


def format_choices(kind: ReportKind) -> Any:
    """Return an enum of the names that ``--format`` accepts for a kind of report."""
    from rbrctl.reports.formats import format_names

    return StrEnum("Format", {name.upper(): name for name in format_names(kind)})


def format_option(kind: ReportKind) -> Any:
    """Return the option ``--format`` for a kind of report, with the registered formats."""
    from rbrctl.reports.formats import automatic_formats, format_names

    names = format_names(kind)
    text = f"Format of the report: {', '.join(names[:-1])} or {names[-1]}"
    for each in automatic_formats(kind):
        text += f"; auto means {each.name} inside {each.automatic_place}, else text"
    return typer.Option("--format", "-f", metavar="FORMAT", help=f"{text}.")


# Not among the options of every command: a run that needs no format does not import any. Typer
# takes the choices from an enum, whose members are known only at run time; they are strings.
if TYPE_CHECKING:
    FindingsFormatOption = Annotated[str, ...]
    CheckFormatOption = Annotated[str, ...]
    TableFormatOption = Annotated[str, ...]
    ComparisonFormatOption = Annotated[str, ...]
    TestsFormatOption = Annotated[str, ...]
else:
    FindingsFormatOption, CheckFormatOption, TableFormatOption = (
        Annotated[format_choices(kind), format_option(kind)]
        for kind in (ReportKind.FINDINGS, ReportKind.CHECK, ReportKind.TABLES)
    )
    ComparisonFormatOption, TestsFormatOption = (
        Annotated[format_choices(kind), format_option(kind)]
        for kind in (ReportKind.COMPARISON, ReportKind.TESTS)
    )


def write_report(output: Output, report: "Report", format_: str, *, wide: bool = False) -> None:
    """Write a report to standard output, and its summary if the format has one."""
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
    Report findings; the exit code is NO if any of them is an error or a warning.

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
