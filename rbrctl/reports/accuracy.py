"""A score as tables: per rule, per proposition, ranks per class, and what disagrees most."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Value, Wrap
from rbrctl.reports.terminal import Tone
from rbrctl.scoring.models import (
    FEW_ROWS,
    AgreementScore,
    ClassScore,
    PropositionScore,
    RuleScore,
    Score,
)
from rbrctl.scoring.repeats import FlipRate
from rbrctl.statistics.intervals import wilson_interval


class Grouped(Protocol):
    """A row of a score that may belong to a group."""

    @property
    def group(self) -> str | None:
        """The value of ``--by``; None without grouping."""
        ...


Row = TypeVar("Row", bound=Grouped)

_AGREEMENT = (
    Column("accuracy", "accuracy", numeric=True),
    Column("interval", "95 % interval", numeric=True, interval=True, decimals=2),
    Column("kappa", "kappa", numeric=True, decimals=2),
    Column("balanced_accuracy", "balanced", numeric=True, priority=WIDE_ONLY),
    Column("majority_accuracy", "majority", numeric=True, priority=WIDE_ONLY),
    Column("precision", "precision", numeric=True, priority=WIDE_ONLY),
    Column("recall", "recall", numeric=True, priority=WIDE_ONLY),
    Column("f1", "F1", numeric=True, priority=WIDE_ONLY),
    Column("coverage", "coverage", numeric=True, priority=WIDE_ONLY),
)
_CALIBRATION = (
    Column("brier", "Brier", numeric=True, priority=WIDE_ONLY),
    Column("ece", "ECE", numeric=True, priority=WIDE_ONLY),
)


def accuracy_tables(score: Score) -> list[Table]:
    """
    Return the tables of a score: agreement with the labels, if there are any, and frequencies.

    Frequencies are left out where every result has labels: the tables against those tell more.
    """
    tables = [
        _rules(score.rules),
        _propositions(score.propositions),
        *(_confusion(each, score.ranks) for each in score.classes),
        _disagreements(score),
    ]
    tables = [table for table in tables if table.rows]
    if not tables or score.labelled < score.results:
        tables += frequency_tables(score)
    return tables


def frequency_tables(score: Score) -> list[Table]:
    """Return how often each rule is broken, and the distribution of ranks."""
    suffix = f" in all {score.results:,} results" if score.labelled else ""
    rules = Table(
        "rule_frequencies",
        f"How often each rule is broken{suffix}",
        _with_group(
            score.rule_frequencies,
            [
                Column("rule", "rule", wrap=Wrap.NAMES),
                Column("n", "n", numeric=True),
                Column("broken", "broken", numeric=True),
                Column("broken_share", "share", numeric=True),
                Column("undetermined", "undetermined", numeric=True),
            ],
        ),
        _grouped_rows(
            score.rule_frequencies,
            lambda row: [
                row.rule,
                row.total,
                row.broken,
                row.broken / row.total if row.total else None,
                row.undetermined,
            ],
        ),
    )
    # Beside five ranks it is too much for 80 columns, and mostly says nothing.
    needed = any(row.undetermined for row in score.rank_frequencies)
    undetermined = Column("undetermined", "undetermined", numeric=True, priority=0 if needed else 1)
    ranks = Table(
        "rank_frequencies",
        f"Ranks{suffix}",
        _with_group(
            score.rank_frequencies,
            [
                Column("response_class", "response class", wrap=Wrap.NAMES),
                Column("n", "n", numeric=True),
                *(Column(rank, rank, numeric=True, wrap=Wrap.NAMES) for rank in score.ranks),
                undetermined,
            ],
        ),
        _grouped_rows(
            score.rank_frequencies,
            lambda row: [row.response_class, row.total, *row.ranks.values(), row.undetermined],
        ),
    )
    return [table for table in (rules, ranks) if table.rows]


def flip_table(flips: Sequence[FlipRate]) -> Table:
    """Return how often the grader changed its answer when it was asked the same again."""
    columns = [
        Column("proposition", "proposition", wrap=Wrap.NAMES),
        Column("transcripts", "n", numeric=True),
        Column("flipped", "flipped", numeric=True),
        Column("rate", "flip rate", numeric=True),
        Column("spread", "spread", numeric=True),
    ]
    rows: list[list[Cell | Value]] = [
        [each.proposition, each.transcripts, each.flipped, each.rate, each.spread] for each in flips
    ]
    notes = [
        "flip rate: the chance that two answers to the same question disagree; spread: mean "
        "distance of the highest from the lowest probability."
    ]
    return Table("flips", "Asked again, did the grader change its mind?", columns, rows, notes)


def _rules(rules: Sequence[RuleScore]) -> Table:
    columns = [
        Column("rule", "rule", wrap=Wrap.NAMES),
        Column("n", "n", numeric=True),
        Column("broken", "broken", numeric=True, decimals=2),
        *_AGREEMENT,
    ]
    rows = _grouped_rows(rules, lambda row: [row.rule, *_agreement(row)])
    notes = ["broken: share of the rows in which the labels break the rule."]
    notes += _notes_on_few(rules)
    title = "Was the rule broken? Answers against labels"
    return Table("rules", title, _with_group(rules, columns), rows, notes)


def _propositions(propositions: Sequence[PropositionScore]) -> Table:
    columns = [
        Column("proposition", "proposition", wrap=Wrap.NAMES),
        Column("n", "n", numeric=True),
        Column("true", "true", numeric=True, decimals=2),
        *_AGREEMENT,
        *_CALIBRATION,
    ]
    rows = _grouped_rows(
        propositions,
        lambda row: [
            row.proposition,
            *_agreement(row),
            row.brier,
            row.expected_calibration_error,
        ],
    )
    title = "Was the proposition true? Answers against labels"
    notes = _notes_on_few(propositions)
    return Table("propositions", title, _with_group(propositions, columns), rows, notes)


def _notes_on_few(scores: Sequence[AgreementScore]) -> list[str]:
    """Explain "few" and, where labels meet no answer at all, an n of 0."""
    notes = []
    if any(score.too_few for score in scores):
        notes.append(
            f"few: fewer than {FEW_ROWS} rows with label and answer on one side; an accuracy there "
            "says little."
        )
    if any(score.gold_rows and not score.counts.total for score in scores):
        notes.append("n is 0: there are labels, but the grader's answers do not settle it.")
    return notes


def _agreement(score: AgreementScore) -> list[Cell | Value]:
    """Return the cells from ``n`` to ``coverage``."""
    counts = score.counts
    interval = wilson_interval(counts.correct, counts.total) if counts.total else None
    kappa = Cell(counts.kappa, Tone.MUTED, "few") if score.too_few else Cell(counts.kappa)
    return [
        counts.total,
        counts.base_rate,
        counts.accuracy,
        interval,
        kappa,
        counts.balanced_accuracy,
        counts.majority_accuracy,
        counts.precision,
        counts.recall,
        counts.f1,
        score.coverage,
    ]


def _confusion(score: ClassScore, ranks: Sequence[str]) -> Table:
    """Lay out one class's confusion matrix: labels down, answers across."""
    low, high = wilson_interval(score.correct, score.total)
    share = score.correct / score.total if score.total else None
    accuracy = f"{share:.3f}" if share is not None else "-"
    rows: list[list[Cell | Value]] = []
    for gold in ranks:
        cells = [score.confusion.get((gold, found), 0) for found in ranks]
        if any(cells):
            tones = [Tone.GOOD if gold == found else Tone.BAD for found in ranks]
            rows.append(
                [
                    gold,
                    sum(cells),
                    *(
                        Cell(cell, tone if cell else Tone.MUTED)
                        for cell, tone in zip(cells, tones, strict=True)
                    ),
                ]
            )
    suffix = f", {score.group}" if score.group is not None else ""
    title = f"Ranks of {score.response_class}{suffix}: labels down, answers across"
    columns = [
        Column("rank", "by labels", wrap=Wrap.NAMES),
        Column("n", "n", numeric=True),
        *(Column(rank, rank, numeric=True, wrap=Wrap.NAMES) for rank in ranks),
    ]
    note = (
        f"accuracy {accuracy} (95 % interval {low:.2f}-{high:.2f}) over {score.total} of "
        f"{score.gold_rows} rows with a rank by labels."
    )
    key = f"ranks_{score.response_class}" + (f"_{score.group}" if score.group else "")
    return Table(key, title, columns, rows, [note])


def _disagreements(score: Score) -> Table:
    columns = [
        Column("id", "id", wrap=Wrap.NAMES),
        Column("response_class", "response class", wrap=Wrap.NAMES),
        Column("rank_by_labels", "by labels", wrap=Wrap.NAMES),
        Column("rank", "by answers", wrap=Wrap.NAMES),
        Column("wrong", "wrong (P true)", wrap=Wrap.NAMES),
    ]
    rows: list[list[Cell | Value]] = [
        [
            row.id,
            row.response_class,
            row.gold_rank,
            row.rank,
            ", ".join(f"{name} {p:.0%}" for name, (_, p) in sorted(row.propositions.items())),
        ]
        for row in score.disagreements
    ]
    return Table("disagreements", "Rows that disagree most", columns, rows)


def _with_group(rows: Sequence[Grouped], columns: list[Column]) -> list[Column]:
    if all(row.group is None for row in rows):
        return columns
    return [Column("group", "group", wrap=Wrap.NAMES), *columns]


def _grouped_rows(
    rows: Sequence[Row], cells: Callable[[Row], Sequence[Cell | Value]]
) -> list[list[Cell | Value]]:
    grouped = any(row.group is not None for row in rows)
    return [[row.group, *cells(row)] if grouped else list(cells(row)) for row in rows]
