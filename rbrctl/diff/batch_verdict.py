"""A rule set applied to all rows of a table at once, by the law of ``ruleset.law``."""

from collections.abc import Mapping
from dataclasses import dataclass

from rbrctl.diff.answer_table import Columns, rows_of
from rbrctl.errors import UndecidedError
from rbrctl.ruleset.diagram import FALSE, TRUE, Diagram
from rbrctl.ruleset.law import Possible
from rbrctl.ruleset.verdict import Judge


@dataclass(frozen=True, slots=True)
class BatchVerdict:
    """The rows on which each rule is held or broken, and the rows of each rank."""

    rows: int
    """The rows that have a response class of this rule set."""
    held: Mapping[str, int]
    broken: Mapping[str, int]
    ranks: Mapping[str, int]
    """The rows whose rank is determined, by rank."""
    covered: Mapping[str, int]
    """For each rule the rows of the response classes that it applies to."""

    @property
    def ranked(self) -> int:
        """The rows whose rank is determined."""
        ranked = 0
        for rows in self.ranks.values():
            ranked |= rows
        return ranked

    def undetermined(self, rule: str) -> int:
        """Return the rows of a rule's response classes on which it is neither held nor broken."""
        return self.covered[rule] & ~(self.held[rule] | self.broken[rule])


class BatchJudge:
    """Applies a judge's rules to columns of answers or of labels."""

    def __init__(self, judge: Judge) -> None:
        """Use the judge's own diagram."""
        self.judge = judge

    def verdict(
        self, columns: Columns, classes: Mapping[str, int], everything: int
    ) -> BatchVerdict:
        """
        Return the verdict on the rows of ``classes``, of which each row has at most one.

        The classes have the rule set's own names. Each row gets what ``Judge.verdict`` would say
        about its assignment; where that is too large to prove, the rank stays undetermined.
        """
        logic = self.judge.logic
        bits = _PossibleValues(logic.diagram, columns, everything)
        covered: dict[str, int] = {}
        for name, rows in classes.items():
            for rule in self.judge.laws[name].rules:
                covered[rule.id] = covered.get(rule.id, 0) | rows
        possible = {id: bits.of(logic.requirements[id]) for id in covered}
        ranks = dict.fromkeys(self.judge.ruleset.ranks, 0)
        for name, rows in classes.items():
            for rank, found in self._ranks(name, possible, columns, rows).items():
                ranks[rank] |= found
        judged = 0
        for rows in classes.values():
            judged |= rows
        return BatchVerdict(
            judged,
            held={id: covered[id] & hold & ~broken for id, (hold, broken) in possible.items()},
            broken={id: covered[id] & broken & ~hold for id, (hold, broken) in possible.items()},
            ranks=ranks,
            covered=covered,
        )

    def _ranks(
        self, response_class: str, possible: Mapping[str, Possible], columns: Columns, rows: int
    ) -> dict[str, int]:
        law = self.judge.laws[response_class]
        settled = law.settle(possible, rows)
        found = dict(zip(law.ranks, settled.ranks, strict=True))
        contested = 0
        for each in settled.contested:
            contested |= each
        return self._proved(response_class, columns, contested, found)

    def _proved(
        self, response_class: str, columns: Columns, rows: int, found: dict[str, int]
    ) -> dict[str, int]:
        """Add the ranks of rows on which only a proof can tell whether open rules hold together."""
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


class _PossibleValues:
    """For a node of a diagram, the rows on which it can be true, and those that can be false."""

    def __init__(self, diagram: Diagram, columns: Columns, everything: int) -> None:
        self._diagram = diagram
        self._not_false = {name: everything & ~rows for name, rows in columns.false.items()}
        self._not_true = {name: everything & ~rows for name, rows in columns.true.items()}
        self._everything = everything
        self._known: dict[int, tuple[int, int]] = {TRUE: (everything, 0), FALSE: (0, everything)}

    def of(self, node: int) -> Possible:
        """Return both sets of rows for a node."""
        # Without recursion, because a diagram may be deeper than Python's stack.
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
        return Possible(*self._known[node])
