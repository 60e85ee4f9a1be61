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
        typer.Argument(
            metavar="[PATH]",
            help="The rule set: a folder, a file, builtin:NAME, or - for standard input.",
        ),
    ] = "rules/",
    containing: Annotated[
        str | None,
        typer.Option(
            "--filter",
            "-k",
            metavar="TEXT",
            help="Run only the tests whose names contain TEXT.",
        ),
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            "--min-coverage",
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="Fail (exit code 1) if the tests cover a smaller share of the rules (0 to 1).",
        ),
    ] = None,
    format_: TestsFormatOption = AUTO,
    wide: Annotated[
        bool, typer.Option("--wide", help="Also list the rules that are fully covered.")
    ] = False,
) -> ExitCode:
    """
    Run the unit tests of the rules. No grader is asked.

    A rule is fully covered if one test keeps it, another test breaks it, and each name in its
    requirement decides the rank of some test, which means that the opposite value of this name
    alone would change the rank.
    """
    from rbrctl.reports.unit_tests import UnitTestReport
    from rbrctl.ruleset.loader import read, ruleset_of
    from rbrctl.ruleset.unit_tests import run_tests

    loaded = read(rules_source(rules))
    ruleset = ruleset_of(loaded)
    run = run_tests(ruleset, containing)
    if not run.outcomes:
        which = f"none of the {len(ruleset.tests)} tests has a name that contains '{containing}'"
        none = "the rule set has no tests; write some under 'tests:'"
        raise NothingMatchedError(f"{loaded.label}: {which if ruleset.tests else none}")
    output = output_of(context)
    report = UnitTestReport(run, loaded.findings.texts)
    write_report(output, report, format_, wide=wide)
    if min_coverage is not None and run.coverage < min_coverage:
        output.fail(f"the coverage is {run.coverage:.3f}, which is less than {min_coverage:g}")
        return ExitCode.NO
    return ExitCode.NO if run.failed else ExitCode.YES
