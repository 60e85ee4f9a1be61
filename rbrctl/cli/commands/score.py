"""``rbrctl score``: score existing results with any rules, without asking a grader."""

from typing import Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.files import data_source, report_problems, require_some
from rbrctl.cli.formats import CheckFormatOption
from rbrctl.cli.options import CalibrationOption, WideOption, output_of
from rbrctl.cli.progress import Progress
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.scores import (
    ByOption,
    MinAccuracyOption,
    MinRowsOption,
    PropositionOption,
    RuleOption,
    WorstOption,
    report_score,
    score_request,
    warn_about_anomalies,
)
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.grading.judging import check_decoder, judged, read_decoder
from rbrctl.records.files import source_name
from rbrctl.records.models import LAZY_REFUSED
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.records.results import read_results
from rbrctl.reports.interface import AUTO
from rbrctl.ruleset.verdict import Judge
from rbrctl.scoring.repeats import FlipTally
from rbrctl.wording import counted


def command(
    context: typer.Context,
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="A results file, or - for standard input.")
    ],
    rules: RulesOption = None,
    calibration: CalibrationOption = None,
    by: ByOption = None,
    rule: RuleOption = None,
    proposition: PropositionOption = None,
    worst: WorstOption = 5,
    min_accuracy: MinAccuracyOption = None,
    min_n: MinRowsOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    format_: CheckFormatOption = AUTO,
    wide: WideOption = False,
) -> int:
    """
    Score the answers in a results file with a rule set, without asking a grader.

    The rules are used as they are now, even if the results were graded with older rules.
    """
    output = output_of(context)
    ruleset = load_rules(rules, output)
    request = score_request(
        ruleset, by, rule, proposition, worst, min_accuracy, min_n, format_, wide
    )
    judge, decoder, problems = Judge(ruleset), read_decoder(calibration), ProblemLog()
    tally = request.tally(judge, decoder)
    source = data_source(results)
    name = source_name(source)
    repeated = FlipTally()
    others: set[str] = set()
    shared = False
    with Progress(output, "scored") as progress:
        for result in read_results(source, raise_problem if strict else problems):
            if not ruleset.has_digest(result.ruleset.digest):
                others.add(f"{result.ruleset.name} {result.ruleset.version}")
            check_decoder(decoder, result.grader)
            if request.gates.any and result.asked_lazily:
                raise UsageError(f"{name}: gates cannot be used on these results: {LAZY_REFUSED}")
            shared = shared or not ruleset.propositions.keys().isdisjoint(result.answers)
            repeated.add(result)
            tally.add(judged(result, judge, decoder))
            progress.advance()
    score = tally.score()
    require_some(score.results, problems, "results", name)
    if not shared:
        raise NothingMatchedError(
            f"{name}: no answer is about a proposition of {ruleset.name}; these are results of "
            f"another rule set ({', '.join(sorted(others))}), which --rules can name"
        )
    if others:
        output.info(
            f"the results were graded with {', '.join(sorted(others))}; they are scored with the "
            f"present rules of {ruleset.name} {ruleset.version}"
        )
    warn_about_anomalies(output, score)
    codes = [
        report_problems(output, problems, "score"),
        report_score(output, score, request, repeated.rates()),
    ]
    if score.without_class or score.failed_answers:
        output.warn(
            f"{counted(score.without_class, 'result has', 'results have')} no response class, and "
            f"{counted(score.failed_answers, 'answer')} failed"
        )
        codes.append(ExitCode.INCOMPLETE)
    elif score.undetermined:
        output.warn(
            f"{counted(score.undetermined, 'result has', 'results have')} no rank, because answers "
            "that the rules need are missing; grade again with these rules"
        )
        codes.append(ExitCode.INCOMPLETE)
    return worst_exit_code(*codes)
