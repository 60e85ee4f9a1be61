"""
What two rule sets say about the same completions, proved on one decision diagram.

An assignment counts where the axioms of the old set *or* of the new one allow it: an axiom that
arrives together with a change cannot hide what the change does, and one that leaves takes its
protection along. The rank is the worst ``otherwise`` among the broken rules, so one side is worse
on some assignment exactly where one of its rules is broken while all rules of the other side with
that ``otherwise`` or a worse one are kept: a proof a rule, and none on all propositions at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import prod

from rbrctl.diff.ranks import RankChange
from rbrctl.errors import UndecidedError
from rbrctl.ruleset.diagram import DEFAULT_BUDGET, FALSE, Diagram
from rbrctl.ruleset.law import ClassLaw
from rbrctl.ruleset.logic import RuleLogic
from rbrctl.ruleset.model import RuleSet


class Relation(StrEnum):
    """How the new side relates to the old one."""

    EQUIVALENT = "equivalent"
    STRICTER = "stricter"
    LAXER = "laxer"
    NEITHER = "neither"
    """Stricter on some assignments and laxer on others, or on ranks that have no common order."""
    UNDECIDED = "undecided"
    """The diagram's budget ran out."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One assignment on which the sides differ; every proposition not named is false."""

    true: tuple[str, ...]
    """The fewest propositions that must be true, by the old set's names where both have them."""
    old_rank: str
    new_rank: str
    old_broken: tuple[str, ...]
    new_broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassComparison:
    """What changed for one response class."""

    response_class: str
    relation: Relation
    old_name: str
    stricter: Difference | None = None
    """A smallest assignment on which the new side gives a worse rank."""
    laxer: Difference | None = None
    """A smallest assignment on which the new side gives a better rank."""
    stricter_share: float | None = 0.0
    """Share of all assignments on which the new rank is worse; None where that was not decided."""
    laxer_share: float | None = 0.0
    note: str | None = None
    """Why it is undecided or has no direction."""


@dataclass(frozen=True, slots=True)
class RequirementComparison:
    """What changed in what one rule requires; each example is the set of true propositions."""

    relation: Relation
    stricter: tuple[str, ...] | None = None
    """A smallest assignment that kept the old requirement and breaks the new one."""
    laxer: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Demand:
    """What one rule requires, and the position of the rank that a completion else drops to."""

    node: int
    position: int


class JointLogic:
    """Two rule sets on one diagram; building it may raise UndecidedError."""

    def __init__(
        self,
        old: RuleSet,
        new: RuleSet,
        ranks: RankChange,
        renamed_propositions: Mapping[str, str] | None = None,
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        """Build both; ``renamed_propositions`` maps old names to new ones."""
        self.ranks = ranks
        self.diagram = Diagram(budget)
        self.old = RuleLogic(old, budget, self.diagram)
        carried = {
            new_name: self.diagram.variable(old_name)
            for old_name, new_name in (renamed_propositions or {}).items()
        }
        self.new = RuleLogic(new, budget, self.diagram, carried)
        self.region = self._region()
        self._order_of_names = [*dict.fromkeys([*old.propositions, *new.propositions])]
        self._old_demands: dict[str, list[_Demand]] = {}
        self._new_demands: dict[str, list[_Demand]] = {}

    def _region(self) -> list[int]:
        """Return functions whose conjunction is true where either side's axioms all hold."""
        common = set(self.old.axioms) & set(self.new.axioms)
        alternatives = [
            self.diagram.conjunction(node for node in logic.axioms if node not in common)
            for logic in (self.old, self.new)
        ]
        return [*sorted(common), self.diagram.disjunction(alternatives)]

    def compare_class(self, old_name: str, new_name: str) -> ClassComparison:
        """Compare the ranks that two response classes give; raises UndecidedError."""
        if self.ranks.order is None:
            return self._without_order(old_name, new_name)
        old, new = self._demands_of_old(old_name), self._demands_of_new(new_name)
        if set(old) == set(new):
            return ClassComparison(new_name, Relation.EQUIVALENT, old_name)
        stricter = self._difference(old, new, (old_name, new_name))
        laxer = self._difference(new, old, (old_name, new_name))
        shares: tuple[float | None, float | None] = (0.0, 0.0)
        if stricter or laxer:
            try:
                shares = self._shares(old, new)
            except UndecidedError:
                shares = (None, None)
        relation = _relation(stricter is not None, laxer is not None)
        return ClassComparison(new_name, relation, old_name, stricter, laxer, *shares)

    def _without_order(self, old_name: str, new_name: str) -> ClassComparison:
        note = "the ranks of the two sides have no common order, so that no rank is surely better"
        return ClassComparison(
            new_name,
            Relation.NEITHER,
            old_name,
            stricter_share=None,
            laxer_share=None,
            note=note,
        )

    def _demands_of_old(self, name: str) -> list[_Demand]:
        if name not in self._old_demands:
            self._old_demands[name] = _demands(self.old, name, self.ranks.position_of_old)
        return self._old_demands[name]

    def _demands_of_new(self, name: str) -> list[_Demand]:
        if name not in self._new_demands:
            self._new_demands[name] = _demands(self.new, name, self.ranks.position_of_new)
        return self._new_demands[name]

    def _difference(
        self, better: list[_Demand], worse: list[_Demand], classes: tuple[str, str]
    ) -> Difference | None:
        """Find a smallest assignment on which the side ``worse`` gives a worse rank."""
        smallest: tuple[str, ...] | None = None
        for demand in dict.fromkeys(worse):
            kept = [other.node for other in better if other.position >= demand.position]
            if demand.node in kept:
                continue
            true = self._smallest([*kept, self.diagram.negate(demand.node)])
            if true is not None and (smallest is None or _size(true) < _size(smallest)):
                smallest = true
        return None if smallest is None else self._at(smallest, classes)

    def _smallest(self, nodes: list[int]) -> tuple[str, ...] | None:
        model = self.old.counterexample([*self.region, *nodes])
        if model is None:
            return None
        return tuple(
            sorted((name for name in model if model[name]), key=self._order_of_names.index)
        )

    def _at(self, true: tuple[str, ...], classes: tuple[str, str]) -> Difference:
        """Return what both sides say where only the names in ``true`` are true."""
        old_rank, old_broken = _law(self.old, classes[0], true)
        new_rank, new_broken = _law(self.new, classes[1], true)
        return Difference(true, old_rank, new_rank, old_broken, new_broken)

    def _shares(self, old: list[_Demand], new: list[_Demand]) -> tuple[float, float]:
        """
        Return the shares of the allowed assignments on which the new rank is worse, and better.

        With G(i, j) = P(old rank before i and new rank before j), P(old is k and new is worse) is
        G(k+1, end) - G(k, end) - G(k+1, k+1) + G(k, k+1), and so for the other direction. Exact
        for up to 53 propositions that hang together, else to double precision.
        """
        end = max(demand.position for demand in (*old, *new)) + 1
        chances: dict[tuple[int, int], Fraction] = {}

        def both(i: int, j: int) -> Fraction:
            if (i, j) not in chances:
                kept = [demand.node for demand in old if demand.position >= i]
                kept += [demand.node for demand in new if demand.position >= j]
                parts = self.old.components([*self.region, *kept])
                chances[i, j] = prod(
                    (Fraction(self.diagram.share(part)) for part in parts), start=Fraction(1)
                )
            return chances[i, j]

        stricter = laxer = Fraction(0)
        for k in range(end):
            stricter += both(k + 1, end) - both(k, end) - both(k + 1, k + 1) + both(k, k + 1)
            laxer += both(end, k + 1) - both(end, k) - both(k + 1, k + 1) + both(k + 1, k)
        allowed = both(end, end)
        return float(stricter / allowed), float(laxer / allowed)

    def compare_requirements(self, old_rule: str, new_rule: str) -> RequirementComparison:
        """Compare what two rules require; raises UndecidedError."""
        old, new = self.old.requirements[old_rule], self.new.requirements[new_rule]
        if old == new:
            return RequirementComparison(Relation.EQUIVALENT)
        stricter = self._smallest([old, self.diagram.negate(new)])
        laxer = self._smallest([new, self.diagram.negate(old)])
        relation = _relation(stricter is not None, laxer is not None)
        return RequirementComparison(relation, stricter, laxer)

    def same_class(self, old_name: str, new_name: str) -> bool:
        """Return True where two classes have rules, and the same ones apart from their names."""
        if self.ranks.order is None:
            return False
        old = self._demands_of_old(old_name)
        return len(old) > 1 and set(old) == set(self._demands_of_new(new_name))


def _demands(
    logic: RuleLogic, response_class: str, position_of: Callable[[str], int]
) -> list[_Demand]:
    rules = logic.ruleset.rules_of(response_class)
    demands = [_Demand(logic.requirements[r.id], position_of(r.otherwise)) for r in rules]
    # Nothing broken gives the best rank: like a rule that no completion keeps.
    return [*demands, _Demand(FALSE, position_of(logic.ruleset.ranks[0]))]


def _law(logic: RuleLogic, name: str, true: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    law = ClassLaw.of(logic.ruleset, name)
    broken = [
        rule.id
        for rule in law.rules
        if not _holds(logic.diagram, logic.requirements[rule.id], true)
    ]
    return law.rank(broken), tuple(broken)


def _holds(diagram: Diagram, node: int, true: tuple[str, ...]) -> bool:
    support = diagram.support(node)
    return bool(diagram.value(node, {name: name in true for name in support}))


def _size(true: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(true), true


def _relation(stricter: bool, laxer: bool) -> Relation:
    if stricter and laxer:
        return Relation.NEITHER
    if stricter:
        return Relation.STRICTER
    return Relation.LAXER if laxer else Relation.EQUIVALENT


def undecided_class(old_name: str, new_name: str, reason: UndecidedError) -> ClassComparison:
    """Return the comparison of a class for which the proof was too large."""
    return ClassComparison(
        new_name,
        Relation.UNDECIDED,
        old_name,
        stricter_share=None,
        laxer_share=None,
        note=str(reason),
    )
