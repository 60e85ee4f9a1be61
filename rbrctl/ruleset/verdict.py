"""Verdicts on single completions: from answers to rules held or broken, and a rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rbrctl.errors import UndecidedError
from rbrctl.ruleset.diagram import DEFAULT_BUDGET
from rbrctl.ruleset.law import BROKEN, HELD, OPEN, ClassLaw, Possible, class_laws
from rbrctl.ruleset.logic import RuleLogic
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.satisfaction import Constraints
from rbrctl.states import RuleState

MINIMUM_AXIOM_PROBABILITY = 1e-6
"""Below this probability the answers contradict the axioms, so no rank has a probability."""

_REMEMBERED_VERDICTS = 50_000
_STATES = {
    HELD: RuleState.HELD,
    BROKEN: RuleState.BROKEN,
    OPEN: RuleState.UNDETERMINED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """All rules of a response class applied to an assignment."""

    rules: Mapping[str, RuleState]
    rank: str | None
    """None where the unknown propositions leave it open."""

    @property
    def broken(self) -> tuple[str, ...]:
        """The rules that are certainly broken, in the rule set's order."""
        return tuple(id for id, state in self.rules.items() if state is RuleState.BROKEN)


class Judge:
    """Applies the law of one rule set to assignments and to probabilities."""

    def __init__(self, ruleset: RuleSet, budget: int = DEFAULT_BUDGET) -> None:
        """Build the rules' logic once; raises UndecidedError where the rules are too large."""
        self.ruleset = ruleset
        self.logic = RuleLogic(ruleset, budget)
        self.laws: dict[str, ClassLaw] = class_laws(ruleset)
        """The law of each response class."""
        self._dependencies = {name: self.logic.dependencies(name) for name in self.laws}
        self._axiom_names = tuple(self.logic.diagram.support(node) for node in self.logic.axioms)
        self._verdicts: dict[tuple[object, ...], Verdict] = {}
        self._plans: dict[tuple[str, frozenset[int]], list[list[int]] | None] = {}

    def dependencies(self, response_class: str) -> tuple[str, ...]:
        """Return the propositions that the class's rules depend on, in the rule set's order."""
        return self._dependencies[response_class]

    def verdict(self, response_class: str, assignment: Mapping[str, bool | None]) -> Verdict:
        """
        Return the verdict on a completion with these answers.

        Absent names and None are unknown. A rule or rank is reported only when it is the same for
        all values that the unknown names can have. Axioms are not used.
        """
        key = (response_class, *map(assignment.get, self._dependencies[response_class]))
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= _REMEMBERED_VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self._apply(response_class, assignment)
        return verdict

    def _apply(self, response_class: str, assignment: Mapping[str, bool | None]) -> Verdict:
        law = self.laws[response_class]
        possible: dict[str, Possible] = {}
        for rule in law.rules:
            held = self.logic.diagram.value(self.logic.requirements[rule.id], assignment)
            possible[rule.id] = OPEN if held is None else HELD if held else BROKEN
        settled = law.settle(possible)
        rank: str | None = None
        if 1 in settled.ranks:
            rank = law.ranks[settled.ranks.index(1)]
        elif 1 in settled.contested:
            place = settled.contested.index(1)
            rules = [id for id in law.levels[place] if possible[id] is OPEN]
            rank = None if self._can_all_hold(rules, assignment) else law.ranks[place]
        return Verdict({id: _STATES[each] for id, each in possible.items()}, rank)

    def _can_all_hold(self, rules: Sequence[str], assignment: Mapping[str, bool | None]) -> bool:
        """Return True where the rules can hold together, or where that is too large to prove."""
        known = {name: value for name, value in assignment.items() if value is not None}
        diagram = self.logic.diagram
        try:
            # Each assignment has its own remainders: if they were kept, they would fill it.
            with diagram.attempt(DEFAULT_BUDGET, keep=False):
                remainders = {
                    rule: diagram.restrict(self.logic.requirements[rule], known) for rule in rules
                }
                return Constraints(self.logic, remainders).satisfiable
        except UndecidedError:
            return True

    def rank_probabilities(
        self, response_class: str, probabilities: Mapping[str, float]
    ) -> dict[str, float] | None:
        """
        Return P(rank and axioms) / P(axioms) for each rank, with independent propositions.

        Only axioms whose propositions all have a probability count as conditions. Returns None
        where a proposition that the rules depend on has no probability, where P(axioms) is below
        MINIMUM_AXIOM_PROBABILITY, or where the rules are too large to compute it.
        """
        if any(name not in probabilities for name in self._dependencies[response_class]):
            return None
        usable = frozenset(
            index for index, used in enumerate(self._axiom_names) if used <= probabilities.keys()
        )
        # at_best[k] is the chance that no rule whose otherwise is the k-th rank or worse is broken
        chances: dict[int, float] = {}
        at_best: list[float] = []
        plan = self._plan(response_class, usable)
        if plan is None:
            return None
        for components in plan:
            product = 1.0
            for node in components:
                if node not in chances:
                    chances[node] = self.logic.diagram.probability(node, probabilities)
                product *= chances[node]
            at_best.append(product)
        if at_best[-1] < MINIMUM_AXIOM_PROBABILITY:
            return None
        return {
            rank: max(0.0, at_best[k + 1] - (at_best[k] if k else 0.0)) / at_best[-1]
            for k, rank in enumerate(self.ruleset.ranks)
        }

    def _plan(self, response_class: str, axioms: frozenset[int]) -> list[list[int]] | None:
        """Return the unconnected parts to multiply, for each rank and for one past the worst."""
        key = (response_class, axioms)
        if key not in self._plans:
            try:
                with self.logic.diagram.attempt(DEFAULT_BUDGET, keep=True):
                    self._plans[key] = self._parts(response_class, axioms)
            except UndecidedError:
                self._plans[key] = None
        return self._plans[key]

    def _parts(self, response_class: str, axioms: frozenset[int]) -> list[list[int]]:
        law = self.laws[response_class]
        given = [self.logic.axioms[index] for index in sorted(axioms)]
        return [
            self.logic.components(
                given + [self.logic.requirements[id] for id in law.rules_from(place)]
            )
            for place in range(len(law.ranks) + 1)
        ]

    def axioms_broken(self, assignment: Mapping[str, bool | None]) -> tuple[str, ...]:
        """Return the text of each axiom that the known values already contradict."""
        return tuple(
            axiom.body.text
            for axiom, node in zip(self.ruleset.axioms, self.logic.axioms, strict=True)
            if self.logic.diagram.value(node, assignment) is False
        )
