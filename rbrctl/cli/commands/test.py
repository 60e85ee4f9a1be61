"""``rbrctl test``: the unit tests of a rule set, and what they cover of its rules."""

from typing import Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TestsFormatOption, write_report
from rbrctl.cli.options import output_of
from rbrctl.cli.rules import rules_source
from rbrctl.errors import NothingMatchedError
from rbrctl.reports.interface import AUTO


def command(
    context: typer.Context,
    rules: Annotated[
        str,
        typer.Argument(metavar="[PATH]", help="A folder, file, builtin:NAME, or -."),
    ] = "rules/",
    containing: Annotated[
        str | None,
        typer.Option(
            "--filter",
            "-k",
            metavar="TEXT",
            help="Run only tests with TEXT in their name.",
        ),
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            "--min-coverage",
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="Fail if the tests cover less than this share of the rules, from 0 to 1.",
        ),
    ] = None,
    format_: TestsFormatOption = AUTO,
    wide: Annotated[
        bool, typer.Option("--wide", help="List also the rules that are fully covered.")
    ] = False,
) -> ExitCode:
    """
    Run the unit tests of the rules: no grader is asked.

    A rule is fully covered when one test keeps it, another test breaks it, and each name in its
    requirement decides the rank of some test: the opposite value alone would change that rank.
    """
    from rbrctl.reports.unit_tests import UnitTestReport
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
    report = UnitTestReport(run, loaded.findings.texts)
    write_report(output, report, format_, wide=wide)
    if min_coverage is not None and run.coverage < min_coverage:
        output.fail(f"the tests cover {run.coverage:.3f}, less than {min_coverage:g}")
        return ExitCode.NO
    return ExitCode.NO if run.failed else ExitCode.YES
