"""Which transcripts move when the rules or the answers change, and which rule moved them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rbrctl.diff.answer_table import AnswerTable, Columns, rows_of
from rbrctl.diff.batch_verdict import BatchJudge, BatchVerdict
from rbrctl.diff.pairing import PairedTables
from rbrctl.errors import NothingMatchedError
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


@dataclass(frozen=True, slots=True)
class RuleFlips:
    """How many transcripts a rule is newly broken on, and on how many no longer."""

    id: str
    newly_broken: int
    no_longer_broken: int
    newly_undetermined: int
    only: str | None = None
    """``old`` or ``new`` for a rule that the other side does not have."""


@dataclass(frozen=True, slots=True)
class Move:
    """One transcript whose rank, or whose broken rules, changed."""

    id: str
    response_class: str
    old_rank: str | None
    new_rank: str | None
    newly_broken: tuple[str, ...]
    no_longer_broken: tuple[str, ...]
    by: tuple[str, ...]
    """The rules that moved the rank; empty where the rank is the same."""


@dataclass(frozen=True, slots=True)
class Side:
    """One rule set applied to the answers and to the labels of the rows."""

    ruleset: RuleSet
    classes: Mapping[str, int]
    """The rows of each response class, by this rule set's names."""
    answers: BatchVerdict
    gold: BatchVerdict
    columns: Columns
    """The answers, by this rule set's names."""
    needs: Mapping[str, tuple[str, ...]]
    """For each response class the propositions that its rules depend on."""
    repeats: tuple[BatchVerdict, ...] = ()


class Corpus:
    """Two sides on the same rows."""

    def __init__(
        self,
        old: RuleSet,
        new: RuleSet,
        tables: PairedTables,
        renamed_propositions: Mapping[str, str] | None = None,
        renamed_rules: Mapping[str, str] | None = None,
        renamed_classes: Mapping[str, str] | None = None,
        renamed_ranks: Mapping[str, str] | None = None,
    ) -> None:
        """
        Judge the rows by both sides; renames are from old names to new ones.

        May raise UndecidedError, and NothingMatchedError where no row has a class of either side.
        """
        self.tables = tables
        propositions = dict(renamed_propositions or {})
        self.renamed_rules = dict(renamed_rules or {})
        self.renamed_classes = dict(renamed_classes or {})
        self.renamed_ranks = dict(renamed_ranks or {})
        back = {new_name: old_name for old_name, new_name in propositions.items()}
        classes_back = {new_name: old_name for old_name, new_name in self.renamed_classes.items()}
        self.old = _side(old, tables.old, tables, back, classes_back)
        self.new = _side(new, tables.new, tables, propositions, self.renamed_classes)
        self.rows = self.old.answers.rows & self.new.answers.rows
        """The rows that both sides judge."""
        if not self.rows:
            known = ", ".join(tables.new.response_classes) or "none"
            raise NothingMatchedError(
                f"no transcript has a response class that both sides know (there: {known})"
            )

    @property
    def moved(self) -> int:
        """The rows whose rank changed, counting to and from undetermined."""
        moved = 0
        old, new = self.old.answers.ranks, self.new.answers.ranks
        carried = {self.renamed_ranks.get(rank, rank): rows for rank, rows in old.items()}
        for rank in {**carried, **new}:
            moved |= carried.get(rank, 0) ^ new.get(rank, 0)
        return moved & self.rows

    @property
    def touched(self) -> int:
        """The rows on which the rank or any rule's state changed."""
        touched = self.moved
        for old_id, new_id in self.rule_pairs():
            touched |= self._state_changed(old_id, new_id)
        return touched & self.rows

    def rule_pairs(self) -> Iterator[tuple[str | None, str | None]]:
        """Pair the rules of both sides, in the new side's order, then those that are gone."""
        back = {new: old for old, new in self.renamed_rules.items()}
        for id in self.new.answers.covered:
            old_id = back.get(id, id)
            yield (old_id if old_id in self.old.answers.covered else None), id
        for id in self.old.answers.covered:
            if self.renamed_rules.get(id, id) not in self.new.answers.covered:
                yield id, None

    def _state_changed(self, old_id: str | None, new_id: str | None) -> int:
        if old_id is None or new_id is None:
            verdict, id = (
                (self.new.answers, new_id) if old_id is None else (self.old.answers, old_id)
            )
            return 0 if id is None else verdict.covered[id] & ~verdict.held[id]
        old, new = self.old.answers, self.new.answers
        # A rule that does not cover a row is neither held nor broken there.
        return (old.broken[old_id] ^ new.broken[new_id]) | (
            old.undetermined(old_id) ^ new.undetermined(new_id)
        )

    def transitions(self) -> dict[tuple[str | None, str | None], int]:
        """Count the moved rows by old and new rank; None is undetermined."""
        moved = self.moved
        counts: dict[tuple[str | None, str | None], int] = {}
        for old_rank, old_rows in _with_undetermined(self.old.answers).items():
            for new_rank, new_rows in _with_undetermined(self.new.answers).items():
                count = (moved & old_rows & new_rows).bit_count()
                if count:
                    counts[old_rank, new_rank] = count
        return counts

    def rule_flips(self) -> list[RuleFlips]:
        """Count for each rule the rows on which its state changed; rules without any left out."""
        flips = []
        for old_id, new_id in self.rule_pairs():
            old_broken = self.old.answers.broken[old_id] if old_id else 0
            new_broken = self.new.answers.broken[new_id] if new_id else 0
            old_open = self.old.answers.undetermined(old_id) if old_id else 0
            new_open = self.new.answers.undetermined(new_id) if new_id else 0
            counted = RuleFlips(
                id=new_id or old_id or "",
                newly_broken=(new_broken & ~old_broken & self.rows).bit_count(),
                no_longer_broken=(old_broken & ~new_broken & self.rows).bit_count(),
                newly_undetermined=(new_open & ~old_open & self.rows).bit_count(),
                only="new" if old_id is None else "old" if new_id is None else None,
            )
            if counted.newly_broken or counted.no_longer_broken or counted.newly_undetermined:
                flips.append(counted)
        return flips

    @property
    def bettered(self) -> int:
        """The rows that the old side ranks worse and the new side better."""
        order = [self.renamed_ranks.get(rank, rank) for rank in self.old.ruleset.ranks]
        if set(self.new.ruleset.ranks) >= set(order):
            order = list(self.new.ruleset.ranks)
        better, found = 0, 0
        old = {self.renamed_ranks.get(r, r): rows for r, rows in self.old.answers.ranks.items()}
        for rank in order:
            found |= better & old.get(rank, 0)
            better |= self.new.answers.ranks.get(rank, 0)
        return found & self.rows

    def moves(self) -> Iterator[Move]:
        """
        Walk over the touched rows, each group in the file's order.

        First those that the new side ranks better, then those whose rank moved otherwise, then
        those that break other rules and keep their rank.
        """
        moved, bettered = self.moved, self.bettered
        looking = _Looking(self)
        for rows, is_moved in (
            (bettered, True),
            (moved & ~bettered, True),
            (self.touched & ~moved, False),
        ):
            for row in rows_of(rows):
                yield looking.move(row, is_moved)


class _Looking:
    """Answers about single rows, from bytes: asking a long integer for one bit reads all of it."""

    def __init__(self, corpus: Corpus) -> None:
        size = len(corpus.tables.new.ids) // 8 + 1

        def held(sets: Mapping[str, int]) -> dict[str, bytes]:
            return {name: rows.to_bytes(size, "little") for name, rows in sets.items()}

        self._corpus = corpus
        self._pairs = list(corpus.rule_pairs())
        self._old_broken = held(corpus.old.answers.broken)
        self._new_broken = held(corpus.new.answers.broken)
        self._old_ranks = held(corpus.old.answers.ranks)
        self._new_ranks = held(corpus.new.answers.ranks)
        self._classes = held(corpus.tables.new.response_classes)

    def move(self, row: int, moved: bool) -> Move:
        broke, mended, by = [], [], []
        old_rank, new_rank = _name_at(self._old_ranks, row), _name_at(self._new_ranks, row)
        old_rules, new_rules = self._corpus.old.ruleset.rules, self._corpus.new.ruleset.rules
        for old_id, new_id in self._pairs:
            was = old_id is not None and _has(self._old_broken[old_id], row)
            is_now = new_id is not None and _has(self._new_broken[new_id], row)
            if not (was or is_now):
                continue
            dropped_to = old_rules[old_id].otherwise if old_id else None
            drops_to = new_rules[new_id].otherwise if new_id else None
            name = new_id or old_id or ""
            if is_now and not was:
                broke.append(name)
            if was and not is_now:
                mended.append(name)
            to_new = is_now and drops_to == new_rank and not (was and dropped_to == drops_to)
            from_old = was and dropped_to == old_rank and not (is_now and dropped_to == drops_to)
            if moved and (to_new or from_old):
                by.append(name)
        given = _name_at(self._classes, row) or ""
        return Move(
            id=self._corpus.tables.new.ids[row],
            response_class=self._corpus.renamed_classes.get(given, given),
            old_rank=old_rank,
            new_rank=new_rank,
            newly_broken=tuple(broke),
            no_longer_broken=tuple(mended),
            by=tuple(by),
        )


def _has(rows: bytes, row: int) -> bool:
    return bool(rows[row >> 3] >> (row & 7) & 1)


def _name_at(sets: Mapping[str, bytes], row: int) -> str | None:
    return next((name for name, rows in sets.items() if _has(rows, row)), None)


def _with_undetermined(verdict: BatchVerdict) -> dict[str | None, int]:
    ranks: dict[str | None, int] = dict(verdict.ranks.items())
    return ranks | {None: verdict.rows & ~verdict.ranked}


def _side(
    ruleset: RuleSet,
    table: AnswerTable,
    tables: PairedTables,
    names: Mapping[str, str],
    class_names: Mapping[str, str],
) -> Side:
    """Judge a table's rows; ``names`` and ``class_names`` lead from the other side's to ours."""
    judge = BatchJudge(Judge(ruleset))
    columns = _renamed(table.answers, names, ruleset)
    classes: dict[str, int] = {}
    for given, rows in table.response_classes.items():
        name = ruleset.resolve_response_class(given) or class_names.get(given)
        if name is not None and name in ruleset.response_classes:
            classes[name] = classes.get(name, 0) | (rows & tables.rows)
    everything = table.everything
    return Side(
        ruleset=ruleset,
        classes=classes,
        answers=judge.verdict(columns, classes, everything),
        gold=judge.verdict(_renamed(tables.labels, names, ruleset), classes, everything),
        columns=columns,
        needs={name: judge.judge.dependencies(name) for name in classes},
        repeats=tuple(
            judge.verdict(_renamed(columns, names, ruleset), classes, everything)
            for columns in table.repeats
        ),
    )


def _renamed(columns: Columns, names: Mapping[str, str], ruleset: RuleSet) -> Columns:
    """Let answers that were given under the other side's name of a proposition count here."""
    true, false = dict(columns.true), dict(columns.false)
    for other, ours in names.items():
        if other in true and ours in ruleset.propositions:
            true[ours] = true.get(ours, 0) | true[other]
            false[ours] = false.get(ours, 0) | false[other]
    return Columns(true, false)
