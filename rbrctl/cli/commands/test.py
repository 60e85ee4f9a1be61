"""``rbrctl test``: the unit tests of a rule set, and what they cover of its rules."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.rules import rules_source
from rbrctl.errors import NothingMatchedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rbrctl.ruleset.unit_tests import TestRun


class TestFormat(StrEnum):
    """How a run of tests is written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    MARKDOWN = "markdown"
    JUNIT = "junit"


FormatOption = Annotated[
    TestFormat,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="auto, text, json, github, markdown or junit; auto is github inside GitHub "
        "Actions, else text.",
    ),
]


def command(
    context: typer.Context,
    rules: Annotated[
        str,
        typer.Argument(metavar="[PATH]", help="A folder, file, builtin:NAME, or -."),
    ] = "rules/",
    containing: Annotated[
        str | None,
        typer.Option("--filter", "-k", metavar="TEXT", help="Only tests with TEXT in their name."),
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            "--min-coverage",
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="Fail where the tests cover less, from 0 to 1.",
        ),
    ] = None,
    format_: FormatOption = TestFormat.AUTO,
    wide: Annotated[
        bool, typer.Option("--wide", help="List also the rules that are covered wholly.")
    ] = False,
) -> ExitCode:
    """
    Run the unit tests of the rules: no grader is asked.

    Coverage counts for each rule that some test keeps it, that some test breaks it, and each word
    of its requirement whose other value alone would change the rank of some test.
    """
    from rbrctl.ruleset.loader import read, ruleset_of
    from rbrctl.ruleset.unit_tests import run_tests

    loaded = read(rules_source(rules))
    ruleset = ruleset_of(loaded)
    run = run_tests(ruleset, containing)
    if not run.outcomes:
        which = f"none of the {len(ruleset.tests)} tests has '{containing}' in its name"
        none = "there are no tests; write some under 'tests:'"
        raise NothingMatchedError(f"{loaded.label}: {which if ruleset.tests else none}")
    output = output_of(context)
    _report(output, run, loaded.findings.texts, format_, wide)
    if min_coverage is not None and run.coverage < min_coverage:
        output.fail(f"the tests cover {run.coverage:.3f}, less than {min_coverage:g}")
        return ExitCode.NO
    return ExitCode.NO if run.failed else ExitCode.YES


def _report(
    output: Output, run: "TestRun", texts: "Mapping[str, str]", format_: TestFormat, wide: bool
) -> None:
    from rbrctl.cli.formats import report_findings
    from rbrctl.cli.options import FindingsFormat
    from rbrctl.reports.json_report import json_report
    from rbrctl.reports.formats.junit import junit_text
    from rbrctl.reports.unit_tests import (
        TEST_VERSION,
        failures_of,
        json_body,
        junit_suite,
        summary,
        text_report,
    )

    if format_ is TestFormat.AUTO:
        format_ = TestFormat.GITHUB if output.in_github_actions else TestFormat.TEXT
    match format_:
        case TestFormat.JSON:
            output.report(json_report("test", TEST_VERSION, json_body(run)))
        case TestFormat.JUNIT:
            output.report(junit_text([junit_suite(run)], datetime.now(UTC)))
        case TestFormat.GITHUB | TestFormat.MARKDOWN:
            as_findings = FindingsFormat(format_.value)
            subject = summary(run).replace("\n", "; ")
            report_findings(output, failures_of(run, texts), as_findings, subject)
        case _:
            output.report(text_report(run, texts, output.palette, output.width, wide=wide))
