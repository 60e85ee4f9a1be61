"""Options and report that ``grade`` and ``score`` share."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import write_report
from rbrctl.cli.output import Output
from rbrctl.cli.rules import complete_rule
from rbrctl.errors import UsageError
from rbrctl.grading.judging import AnswerDecoder
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge
from rbrctl.scoring.gates import (
    Gates,
    check_rules_exist,
    missed_gates,
    parse_gates,
)
from rbrctl.scoring.models import Score
from rbrctl.scoring.repeats import FlipRate
from rbrctl.scoring.tally import ScoreTally, by_category, by_nothing, by_response_class
from rbrctl.wording import hint_for

REPORT_NAME = "score"
REPORT_VERSION = 1


class Grouping(StrEnum):
    """The property by which tables are split."""

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
        "--by",
        help="Split the tables by response class or by category.",
        rich_help_panel=REPORT_PANEL,
    ),
]
RuleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="ID",
        autocompletion=complete_rule,
        help="Report only this rule; may be given several times.",
        rich_help_panel=REPORT_PANEL,
    ),
]
PropositionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--proposition",
        metavar="NAME",
        help="Report only this proposition; may be given several times.",
        rich_help_panel=REPORT_PANEL,
    ),
]
WorstOption = Annotated[
    int,
    typer.Option(
        "--worst",
        min=0,
        metavar="N",
        help="List the N rows where answers and labels differ most.",
        rich_help_panel=REPORT_PANEL,
    ),
]
MinAccuracyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--min-accuracy",
        metavar="[RULE=]SHARE",
        help="Fail (exit code 1) if the accuracy of a rule is lower than this share; may be given "
        "several times.",
        rich_help_panel=GATES_PANEL,
    ),
]
MinRowsOption = Annotated[
    int | None,
    typer.Option(
        "--min-n",
        min=1,
        metavar="N",
        help="Fail (exit code 1) if a rule has fewer labelled rows than N.",
        rich_help_panel=GATES_PANEL,
    ),
]


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """The options that select what is reported, and the gates."""

    ruleset: RuleSet
    by: Grouping | None
    rules: Sequence[str] | None
    propositions: Sequence[str] | None
    worst: int
    gates: Gates
    format: str
    wide: bool
    classes: Collection[str] = ()
    """The selected response classes; empty for all."""

    def expected_rules(self) -> list[str]:
        """Return the selected rules that apply to the selected response classes."""
        ruleset = self.ruleset
        classes = self.classes or ruleset.response_classes
        applying = {rule.id for each in classes for rule in ruleset.rules_of(each)}
        named = self.rules or ([] if self.propositions else ruleset.rules)
        return [rule for rule in named if rule in applying]

    def tally(self, judge: Judge, decoder: AnswerDecoder) -> ScoreTally:
        """Return a tally of what the options select."""
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
    """
    Report a score; the exit code is NO if a gate is missed.

    ``flips`` are the flip rates of questions that were asked several times.
    """
    from rbrctl.reports.score import score_report

    misses = missed_gates(request.gates, score, request.expected_rules())
    report = score_report(score, misses, request.ruleset, flips)
    write_report(output, report, request.format, wide=request.wide)
    return ExitCode.NO if misses else ExitCode.YES


def warn_about_anomalies(output: Output, score: Score) -> None:
    """Print what a reader of the tables should know about the results."""
    from rbrctl.reports.score import anomalies

    for note in anomalies(score):
        output.info(note)
