"""A rule set applied to all rows of a table at once: the law of ruleset.verdict, in columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from rbrctl.diff.answer_table import Columns, rows_of
from rbrctl.errors import UndecidedError
from rbrctl.ruleset.diagram import FALSE, TRUE, Diagram
from rbrctl.ruleset.model import Rule
from rbrctl.ruleset.verdict import Judge


@dataclass(frozen=True, slots=True)
class Ruling:
    """For each rule and rank, the rows on which it holds, is broken, or is given."""

    rows: int
    """The rows that have a response class of this rule set."""
    held: Mapping[str, int]
    broken: Mapping[str, int]
    ranks: Mapping[str, int]
    """The rows whose rank is determined, by rank."""
    covered: Mapping[str, int]
    """For each rule the rows whose response class it is for."""

    @property
    def ranked(self) -> int:
        """The rows whose rank is determined."""
        ranked = 0
        for rows in self.ranks.values():
            ranked |= rows
        return ranked

    def undetermined(self, rule: str) -> int:
        """Give the rows that a rule is for and on which it is open."""
        return self.covered[rule] & ~(self.held[rule] | self.broken[rule])


class ColumnJudge:
    """Applies a judge's rules to columns of answers or of labels."""

    def __init__(self, judge: Judge) -> None:
        """Use the judge's own diagram."""
        self.judge = judge

    def ruling(self, columns: Columns, classes: Mapping[str, int], everything: int) -> Ruling:
        """
        Judge the rows of ``classes`` (by the rule set's own names), a row in at most one of them.

        It says of each row what the judge would say of its assignment; where that is too large to
        prove, the rank stays undetermined.
        """
        logic = self.judge.logic
        bits = _Possible(logic.diagram, columns, everything)
        held: dict[str, int] = {}
        broken: dict[str, int] = {}
        covered: dict[str, int] = {}
        of_class = {name: self.judge.ruleset.rules_of(name) for name in classes}
        for name, rules in of_class.items():
            for rule in rules:
                covered[rule.id] = covered.get(rule.id, 0) | classes[name]
        for id, rows in covered.items():
            can_hold, can_break = bits.of(logic.requirements[id])
            held[id] = rows & can_hold & ~can_break
            broken[id] = rows & can_break & ~can_hold
        ranks = dict.fromkeys(self.judge.ruleset.ranks, 0)
        for name, rules in of_class.items():
            for rank, rows in self._ranks(name, rules, columns, classes[name], bits).items():
                ranks[rank] |= rows
        judged = 0
        for rows in classes.values():
            judged |= rows
        return Ruling(judged, held, broken, ranks, covered)

    def _ranks(
        self,
        response_class: str,
        rules: tuple[Rule, ...],
        columns: Columns,
        rows: int,
        bits: "_Possible",
    ) -> dict[str, int]:
        """Walk from the worst rank to the best, and settle the rows whose rank that must be."""
        found: dict[str, int] = {}
        left = rows
        asked = 0
        for rank in reversed(self.judge.ruleset.ranks):
            surely = one_open = several_open = 0
            for rule in rules:
                if rule.otherwise == rank and left:
                    can_hold, can_break = bits.of(self.judge.logic.requirements[rule.id])
                    surely |= can_break & ~can_hold
                    unsure = can_break & can_hold
                    several_open |= one_open & unsure
                    one_open |= unsure
            if rank == self.judge.ruleset.ranks[0]:
                surely, one_open, several_open = left, 0, 0
            found[rank] = left & surely
            # One open rule can hold, so the rank stays open; several may not be able to together.
            asked |= left & several_open & ~surely
            left &= ~(surely | one_open)
        return self._asked(response_class, columns, asked, found)

    def _asked(
        self, response_class: str, columns: Columns, rows: int, found: dict[str, int]
    ) -> dict[str, int]:
        names = self.judge.dependencies(response_class)
        for row in rows_of(rows):
            bit = 1 << row
            assignment: dict[str, bool | None] = {}
            for name in names:
                if columns.true.get(name, 0) & bit:
                    assignment[name] = True
                elif columns.false.get(name, 0) & bit:
                    assignment[name] = False
            try:
                rank = self.judge.verdict(response_class, assignment).rank
            except UndecidedError:
                continue
            if rank is not None:
                found[rank] |= bit
        return found


class _Possible:
    """For a node of a diagram, the rows on which it can be true, and those on which false."""

    def __init__(self, diagram: Diagram, columns: Columns, everything: int) -> None:
        self._diagram = diagram
        self._not_false = {name: everything & ~rows for name, rows in columns.false.items()}
        self._not_true = {name: everything & ~rows for name, rows in columns.true.items()}
        self._everything = everything
        self._known: dict[int, tuple[int, int]] = {TRUE: (everything, 0), FALSE: (0, everything)}

    def of(self, node: int) -> tuple[int, int]:
        """Walk without recursion, since a diagram may be deeper than Python's stack."""
        todo = [node]
        while todo:
            current = todo[-1]
            if current in self._known:
                todo.pop()
                continue
            name, low, high = self._diagram.branches(current)
            missing = [child for child in (low, high) if child not in self._known]
            if missing:
                todo.extend(missing)
                continue
            todo.pop()
            up = self._not_false.get(name, self._everything)
            down = self._not_true.get(name, self._everything)
            (low_true, low_false), (high_true, high_false) = self._known[low], self._known[high]
            self._known[current] = (
                (up & high_true) | (down & low_true),
                (up & high_false) | (down & low_false),
            )
        return self._known[node]
