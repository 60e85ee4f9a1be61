"""The rows of two tables that can be compared: the same transcripts, classes and labels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rbrctl.diff.answer_table import AnswerTable, Columns, rows_where
from rbrctl.errors import NothingMatchedError


@dataclass(frozen=True, slots=True)
class PairedTables:
    """Two tables with the same row numbers, and the rows that can be compared."""

    old: AnswerTable
    new: AnswerTable
    rows: int
    """The common rows: the same id, content and response class on both sides."""
    labels: Columns
    """The labels of both sides, without those that contradict each other."""
    rank_labels: Mapping[str, int]
    only_old: int = 0
    """Rows that only the old side has; so for ``only_new``."""
    only_new: int = 0
    other_content: int = 0
    """Rows with the same id and other content, left out."""
    other_class: int = 0
    """Rows that the sides put in different response classes, left out."""
    label_conflicts: int = 0
    """Rows with a label, or a rank label, on which the sides contradict each other."""


def one_table(table: AnswerTable) -> PairedTables:
    """Compare a table under two rule sets: every row is common."""
    return PairedTables(table, table, table.present, table.labels, table.rank_labels)


def pair_tables(old: AnswerTable, new: AnswerTable) -> PairedTables:
    """
    Pair two tables, the second of which was read beside the first.

    Raises NothingMatchedError where they have no row in common.
    """
    same_id = old.present & new.present
    other_content = rows_where(
        bool(left and right and left != right)
        for left, right in zip(old.contents, new.contents, strict=False)
    )
    rows = same_id & ~other_content
    other_class = rows & ~_same_class(old, new)
    if not rows & ~other_class:
        reason = " with the same content" if same_id else ""
        raise NothingMatchedError(
            f"the two results have no transcript in common{reason}: compare results of one data set"
        )
    labels, conflicts = _merged(old.labels, new.labels)
    rank_labels = {
        rank: old.rank_labels.get(rank, 0) | new.rank_labels.get(rank, 0)
        for rank in [*old.rank_labels, *new.rank_labels]
    }
    twice = 0
    seen = 0
    for bits in rank_labels.values():
        twice |= seen & bits
        seen |= bits
    rows &= ~other_class
    return PairedTables(
        old=old,
        new=replace(new, clusters=old.clusters),
        rows=rows,
        labels=labels,
        rank_labels={rank: bits & ~twice for rank, bits in rank_labels.items()},
        only_old=(old.present & ~new.present).bit_count(),
        only_new=(new.present & ~old.present).bit_count(),
        other_content=other_content.bit_count(),
        other_class=other_class.bit_count(),
        label_conflicts=((conflicts | twice) & rows).bit_count(),
    )


def _same_class(old: AnswerTable, new: AnswerTable) -> int:
    """Return the rows whose class is the same, or unknown on both sides."""
    known_old = known_new = same = 0
    for name, rows in old.response_classes.items():
        known_old |= rows
        same |= rows & new.response_classes.get(name, 0)
    for rows in new.response_classes.values():
        known_new |= rows
    return same | (old.everything & ~(known_old | known_new))


def _merged(old: Columns, new: Columns) -> tuple[Columns, int]:
    true: dict[str, int] = {}
    false: dict[str, int] = {}
    conflicts = 0
    for name in {**old.true, **new.true}:
        yes = old.true.get(name, 0) | new.true.get(name, 0)
        no = old.false.get(name, 0) | new.false.get(name, 0)
        conflicts |= yes & no
        true[name], false[name] = yes & ~no, no & ~yes
    return Columns(true, false), conflicts
