"""The report of ``rbrctl grade`` and ``rbrctl score``: accuracy, flips and gates."""

from collections.abc import Sequence

from rbrctl.reports.accuracy import accuracy_tables, flip_table
from rbrctl.reports.outcome import CheckReport
from rbrctl.ruleset.findings import Finding, Findings
from rbrctl.ruleset.model import RuleSet
from rbrctl.scoring.gates import GATE_MISSED, Miss
from rbrctl.scoring.models import Score
from rbrctl.scoring.repeats import FlipRate
from rbrctl.wording import counted

REPORT_NAME = "score"
REPORT_VERSION = 1


def score_report(
    score: Score, misses: Sequence[Miss], ruleset: RuleSet, flips: Sequence[FlipRate] = ()
) -> CheckReport:
    """
    Return the report of a score, which passes if no gate is missed.

    ``flips`` are the flip rates of questions that were asked several times.
    """
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
    return CheckReport(
        REPORT_NAME,
        REPORT_VERSION,
        not misses,
        _verdict(score, misses),
        [*accuracy_tables(score), *([flip_table(flips)] if flips else [])],
        Findings(tuple(_finding(miss, ruleset) for miss in misses)),
        body,
        {GATE_MISSED.id: GATE_MISSED.page},
    )


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


def anomalies(score: Score) -> list[str]:
    """Return what a reader of the tables should know about the results, as sentences."""
    notes = []
    if score.axioms_broken:
        results = counted(score.axioms_broken, "result has", "results have")
        notes.append(f"{results} answers that contradict an axiom")
    if score.rank_labels_contradicted:
        rows = counted(score.rank_labels_contradicted, "row has", "rows have")
        notes.append(
            f"{rows} a rank label that differs from the rank of the row's own labels; the rank "
            "label is used"
        )
    if score.inferred_class:
        classes = counted(score.inferred_class, "response class was", "response classes were")
        notes.append(f"{classes} inferred by the grader")
    return notes
