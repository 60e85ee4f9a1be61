"""What ``grade`` and ``score`` share: narrowing, gates, and the report of a score."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from rbrctl.cli.completing import rules_named
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import write_report
from rbrctl.cli.output import Output
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.grading.judging import AnswerDecoder
from rbrctl.records.problems import ProblemLog
from rbrctl.ruleset.findings import Finding, Findings
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge
from rbrctl.scoring.gates import (
    GATE_MISSED,
    Gates,
    Miss,
    check_rules_exist,
    missed_gates,
    parse_gates,
)
from rbrctl.scoring.models import Score
from rbrctl.scoring.repeats import FlipRate
from rbrctl.scoring.tally import ScoreTally, by_category, by_nothing, by_response_class
from rbrctl.wording import counted, hint_for

REPORT_NAME = "score"
REPORT_VERSION = 1


class Grouping(StrEnum):
    """What the tables are split by."""

    CLASS = "class"
    CATEGORY = "category"


REPORT_PANEL = "Report"
GATES_PANEL = "Gates"
_GROUPINGS = {
    None: by_nothing,
    Grouping.CLASS: by_response_class,
    Grouping.CATEGORY: by_category,
}

ByOption = Annotated[
    Grouping | None,
    typer.Option(
        "--by", help="Split the tables by class or category.", rich_help_panel=REPORT_PANEL
    ),
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="ID",
        autocompletion=rules_named,
        help="Only this rule; may be given several times.",
        rich_help_panel=REPORT_PANEL,
    ),
]
PropositionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--proposition",
        metavar="NAME",
        help="Only this proposition; may be given several times.",
        rich_help_panel=REPORT_PANEL,
    ),
]
WorstOption = Annotated[
    int,
    typer.Option(
        "--worst",
        min=0,
        metavar="N",
        help="How many disagreeing rows to list.",
        rich_help_panel=REPORT_PANEL,
    ),
]
MinAccuracyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--min-accuracy",
        metavar="[RULE=]SHARE",
        help="Fail (exit 1) where a rule's accuracy is lower; may be given several times.",
        rich_help_panel=GATES_PANEL,
    ),
]
MinRowsOption = Annotated[
    int | None,
    typer.Option(
        "--min-n",
        min=1,
        metavar="N",
        help="Fail (exit 1) where a rule has fewer labelled rows.",
        rich_help_panel=GATES_PANEL,
    ),
]


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """The options that say what of a score is reported, and what it must reach."""

    ruleset: RuleSet
    by: Grouping | None
    rules: Sequence[str] | None
    propositions: Sequence[str] | None
    worst: int
    gates: Gates
    format: str
    wide: bool
    classes: Collection[str] = ()
    """The response classes that are looked at; empty for all."""

    def expected_rules(self) -> list[str]:
        """Give the rules that the transcripts may tell something of."""
        ruleset = self.ruleset
        classes = self.classes or ruleset.response_classes
        applying = {rule.id for each in classes for rule in ruleset.rules_of(each)}
        named = self.rules or ([] if self.propositions else ruleset.rules)
        return [rule for rule in named if rule in applying]

    def tally(self, judge: Judge, decoder: AnswerDecoder) -> ScoreTally:
        """Make the tally that counts what is asked for."""
        return ScoreTally(
            judge,
            decoder,
            _GROUPINGS[self.by],
            rules=self.rules or None,
            propositions=self.propositions or None,
            disagreements=self.worst,
        )


def score_request(
    ruleset: RuleSet,
    by: Grouping | None,
    rules: Sequence[str] | None,
    propositions: Sequence[str] | None,
    worst: int,
    minimum_accuracy: Sequence[str] | None,
    minimum_rows: int | None,
    format_: str,
    wide: bool,
    classes: Collection[str] = (),
) -> ScoreRequest:
    """Check the shared options against the rule set. Raises UsageError for an unknown name."""
    _check_names("rule", rules, ruleset.rules)
    _check_names("proposition", propositions, ruleset.propositions)
    gates = parse_gates(minimum_accuracy or (), minimum_rows)
    check_rules_exist(gates, ruleset.rules)
    return ScoreRequest(ruleset, by, rules, propositions, worst, gates, format_, wide, classes)


def _check_names(kind: str, names: Sequence[str] | None, known: object) -> None:
    known_names = list(known) if isinstance(known, dict) else []
    for name in names or ():
        if name not in known_names:
            hint = hint_for(name, known_names)
            raise UsageError(f"--{kind} {name}: there is no such {kind}; {hint}")


def report_score(
    output: Output, score: Score, request: ScoreRequest, flips: Sequence[FlipRate] = ()
) -> ExitCode:
    """Report a score, and flip rates where questions were repeated; say which gates it misses."""
    from rbrctl.reports.accuracy import accuracy_tables, flip_table
    from rbrctl.reports.outcome import CheckReport

    misses = missed_gates(request.gates, score, request.expected_rules())
    findings = Findings(tuple(_finding(miss, request.ruleset) for miss in misses))
    body = {
        "results": score.results,
        "labelled": score.labelled,
        "without_class": score.without_class,
        "inferred_class": score.inferred_class,
        "failed_answers": score.failed_answers,
        "undetermined": score.undetermined,
        "axioms_broken": score.axioms_broken,
        "rank_labels_contradicted": score.rank_labels_contradicted,
        "gates_missed": [
            {"rule": miss.rule, "group": miss.group, "message": miss.message} for miss in misses
        ],
    }
    tables = [*accuracy_tables(score), *([flip_table(flips)] if flips else [])]
    report = CheckReport(
        REPORT_NAME,
        REPORT_VERSION,
        not misses,
        _verdict(score, misses),
        tables,
        findings,
        body,
        {GATE_MISSED.id: GATE_MISSED.page},
    )
    write_report(output, report, request.format, wide=request.wide)
    return ExitCode.NO if misses else ExitCode.YES


def _verdict(score: Score, misses: Sequence[Miss]) -> str:
    gates = f"; {counted(len(misses), 'gate')} missed" if misses else ""
    return f"{counted(score.results, 'result')}, {score.labelled:,} with labels{gates}"


def _finding(miss: Miss, ruleset: RuleSet) -> Finding:
    where = f" ({miss.group})" if miss.group else ""
    return Finding(
        GATE_MISSED.id,
        GATE_MISSED.severity,
        f"{miss.rule}{where} {miss.message}",
        ruleset.rules[miss.rule].place,
    )


def say_what_is_odd(output: Output, score: Score) -> None:
    """Say what about the results a reader of the tables should know."""
    if score.axioms_broken:
        results = counted(score.axioms_broken, "result has", "results have")
        output.talk(f"{results} answers that break an axiom")
    if score.rank_labels_contradicted:
        rows = counted(score.rank_labels_contradicted, "row has", "rows have")
        output.talk(
            f"{rows} a rank label that is not the rank of the row's own labels; the rank label "
            "counts"
        )
    if score.inferred_class:
        classes = counted(score.inferred_class, "response class was", "response classes were")
        output.talk(f"{classes} inferred, not given")


def require_some(count: int, problems: ProblemLog, what: str, source: str) -> None:
    """Raise NothingMatchedError where nothing could be read or nothing was chosen."""
    if not count:
        raise NothingMatchedError(f"{source}: no {what}{first_problem(problems)}")


def first_problem(problems: ProblemLog) -> str:
    """Say in parentheses how many lines could not be used, and of the first why; else nothing."""
    return problems.summary
