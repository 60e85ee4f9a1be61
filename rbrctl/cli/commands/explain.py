"""``rbrctl explain``: what a check or a name means, and why a transcript has its rank."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import data_source
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.rules import complete_explained, default_rules, rules_source
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.records.models import Result


class ExplainFormat(StrEnum):
    """How an explanation is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


DOCUMENTS = (ExplainFormat.MARKDOWN, ExplainFormat.HTML)


FormatOption = Annotated[
    ExplainFormat,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="Format of the output: text, json, markdown or html.",
    ),
]

CalibrationOption = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Calibrate the answers in --results by this file of 'grader calibrate'.",
    ),
]


def command(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=complete_explained,
            help="The id of a check; the name of a rule, proposition, definition, response class, "
            "rank or JSON report; with --results, the id of a transcript; with -f markdown or "
            "html, "
            "a rule set. If it is not given, all checks are listed.",
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules",
            metavar="PATH",
            help="The rule set: a folder, a file or builtin:NAME.  [default: rules/ if it exists, "
            "else builtin:safety]",
        ),
    ] = None,
    results: Annotated[
        str | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Explain the rank of a transcript in this results file.",
        ),
    ] = None,
    calibration: CalibrationOption = None,
    format_: FormatOption = ExplainFormat.TEXT,
) -> ExitCode:
    """
    Explain a check, a name in the rule set, or why a transcript has its rank.

    For a rank, the output shows the smallest set of answers that is enough to force it, and for
    each broken rule the answers that break it. With -f markdown or html, the command writes the
    whole policy as a document.
    """
    output = output_of(context)
    if format_ in DOCUMENTS:
        if results is not None or (name is not None and rules is not None):
            raise UsageError(
                f"-f {format_} writes the policy of one rule set; give only the rule set"
            )
        return _draw_policy(output, default_rules(name or rules), format_)
    if results is not None:
        if name is None:
            raise UsageError("--results needs the id of a transcript as NAME")
        return _explain_result(output, name, default_rules(rules), results, calibration, format_)
    if name is None:
        return _list_checks(output, format_)
    return _explain_name(output, name, default_rules(rules), format_)


def _draw_policy(output: Output, rules: str, format_: ExplainFormat) -> ExitCode:
    from rbrctl.reports.documents import HtmlDocument, MarkdownDocument
    from rbrctl.reports.policy_document import policy_document
    from rbrctl.ruleset.loader import load

    document = HtmlDocument() if format_ is ExplainFormat.HTML else MarkdownDocument()
    output.report(document.render(policy_document(load(rules_source(rules)))))
    return ExitCode.YES


def _list_checks(output: Output, format_: ExplainFormat) -> ExitCode:
    from rbrctl.reports.explanation import EXPLANATION_VERSION, checks_body, checks_text
    from rbrctl.reports.json_report import json_report
    from rbrctl.ruleset.checks.registry import all_checks

    checks = all_checks()
    if format_ is ExplainFormat.JSON:
        body = checks_body(list(checks.values()))
        output.report(json_report("checks", EXPLANATION_VERSION, body))
    else:
        output.report(checks_text(checks, output.palette, output.width))
    return ExitCode.YES


def _explain_name(output: Output, name: str, rules: str, format_: ExplainFormat) -> ExitCode:
    from rbrctl.reports.comparison_findings import difference_checks
    from rbrctl.reports.explanation import (
        EXPLANATION_VERSION,
        ExplanationText,
        check_text,
        checks_body,
        explanations_body,
        report_text,
    )
    from rbrctl.reports.json_report import json_report
    from rbrctl.reports.report_pages import MODULES, report_page
    from rbrctl.ruleset.checks.registry import all_checks
    from rbrctl.ruleset.explanation import explain_name, known_names
    from rbrctl.ruleset.loader import load
    from rbrctl.scoring.gates import GATE_MISSED
    from rbrctl.wording import did_you_mean

    checks = {**all_checks(), **difference_checks(), GATE_MISSED.id: GATE_MISSED}
    if (check := checks.get(name)) is not None:
        if format_ is ExplainFormat.JSON:
            output.report(json_report("checks", EXPLANATION_VERSION, checks_body([check])))
        else:
            output.report(check_text(check, output.palette, output.width))
        return ExitCode.YES
    if (page := report_page(name)) is not None:
        if format_ is ExplainFormat.JSON:
            pages = {"reports": [{"id": name, "page": page}]}
            output.report(json_report("reports", EXPLANATION_VERSION, pages))
        else:
            output.report(report_text(name, page, output.palette, output.width))
        return ExitCode.YES
    ruleset = load(rules_source(rules))
    explanations = explain_name(ruleset, name)
    if not explanations:
        hint = did_you_mean(name, [*checks, *MODULES, *known_names(ruleset)])
        raise UsageError(
            f"'{name}' is neither a check nor a name in {rules}; "
            + (hint or "'rbrctl explain' lists the checks")
        )
    if format_ is ExplainFormat.JSON:
        body = explanations_body(explanations)
        output.report(json_report("explanations", EXPLANATION_VERSION, body))
    else:
        output.report(ExplanationText(output.palette, output.width).render(explanations))
    return ExitCode.YES


def _explain_result(
    output: Output,
    id: str,
    rules: str,
    results: str,
    calibration: str | None,
    format_: ExplainFormat,
) -> ExitCode:
    from rbrctl.grading.explaining import explain_result
    from rbrctl.grading.judging import read_decoder
    from rbrctl.reports.explanation import EXPLANATION_VERSION, ExplanationText, reason_body
    from rbrctl.reports.json_report import json_report
    from rbrctl.ruleset.loader import load

    ruleset = load(rules_source(rules))
    result = _find(output, results, id)
    if not ruleset.has_digest(result.ruleset.digest):
        output.warn(
            f"the results were graded with {result.ruleset.name} {result.ruleset.version}, not "
            f"with these rules; the explained rank is that of {ruleset.name} {ruleset.version}"
        )
    found = explain_result(result, ruleset, read_decoder(calibration))
    if found is None:
        output.fail(f"'{id}' has no response class, so it was not judged and has no rank")
        return ExitCode.INCOMPLETE
    if format_ is ExplainFormat.JSON:
        output.report(json_report("reason", EXPLANATION_VERSION, reason_body(found.reason, id)))
    else:
        output.report(ExplanationText(output.palette, output.width).render([found.explanation]))
    return ExitCode.YES


def _find(output: Output, results: str, id: str) -> "Result":
    from rbrctl.grading.explaining import find_result
    from rbrctl.records.problems import ProblemLog

    problems = ProblemLog(limit=1)
    try:
        return find_result(data_source(results), id, problems)
    except NothingMatchedError:
        for problem in problems.items:
            lines = counted(problems.count, "line")
            output.warn(f"{lines} could not be used; the first is {problem}")
        raise
