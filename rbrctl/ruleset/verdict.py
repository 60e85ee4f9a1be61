"""The one law of the rule language: from an assignment to rules held or broken, and a rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rbrctl.errors import UndecidedError
from rbrctl.ruleset.diagram import DEFAULT_BUDGET
from rbrctl.ruleset.logic import RuleLogic
from rbrctl.ruleset.model import Rule, RuleSet
from rbrctl.ruleset.satisfaction import Constraints
from rbrctl.states import RuleState

MINIMUM_AXIOM_PROBABILITY = 1e-6
"""Below this the answers contradict the axioms, and nothing is conditioned on them."""

_REMEMBERED_VERDICTS = 50_000


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
    """Applies the rules of one rule set to assignments and to probabilities."""

    def __init__(self, ruleset: RuleSet, budget: int = DEFAULT_BUDGET) -> None:
        """Build the rules' logic once; may raise UndecidedError for a monstrous rule set."""
        self.ruleset = ruleset
        self.logic = RuleLogic(ruleset, budget)
        self._rules: dict[str, tuple[Rule, ...]] = {
            name: ruleset.rules_of(name) for name in ruleset.response_classes
        }
        self._dependencies = {name: self.logic.dependencies(name) for name in self._rules}
        self._axiom_names = tuple(self.logic.diagram.support(node) for node in self.logic.axioms)
        self._verdicts: dict[tuple[object, ...], Verdict] = {}
        self._plans: dict[tuple[str, frozenset[int]], list[list[int]] | None] = {}

    def dependencies(self, response_class: str) -> tuple[str, ...]:
        """Give the propositions that the class's rules depend on, in the rule set's order."""
        return self._dependencies[response_class]

    def verdict(self, response_class: str, assignment: Mapping[str, bool | None]) -> Verdict:
        """
        Apply the law: the rank is the worst ``otherwise`` among the broken rules.

        Absent names and None are unknown. A rule or rank is reported only when every way to fill
        them agrees. Axioms play no part.
        """
        key = (response_class, *map(assignment.get, self._dependencies[response_class]))
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= _REMEMBERED_VERDICTS:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self._apply(response_class, assignment)
        return verdict

    def _apply(self, response_class: str, assignment: Mapping[str, bool | None]) -> Verdict:
        states: dict[str, RuleState] = {}
        open_rules: dict[int, list[str]] = {}
        worst_broken = worst_possible = 0
        for rule in self._rules[response_class]:
            held = self.logic.diagram.value(self.logic.requirements[rule.id], assignment)
            position = self.ruleset.ranks.index(rule.otherwise)
            if held is None:
                states[rule.id] = RuleState.UNDETERMINED
                open_rules.setdefault(position, []).append(rule.id)
            else:
                states[rule.id] = RuleState.HELD if held else RuleState.BROKEN
                worst_broken = worst_broken if held else max(worst_broken, position)
            if not held:
                worst_possible = max(worst_possible, position)
        settled = worst_broken == worst_possible or not self._can_all_hold(
            open_rules[worst_possible], assignment
        )
        return Verdict(states, self.ruleset.ranks[worst_possible] if settled else None)

    def _can_all_hold(self, rules: Sequence[str], assignment: Mapping[str, bool | None]) -> bool:
        """Tell whether unknowns can be filled so that the rules hold; true where none can tell."""
        known = {name: value for name, value in assignment.items() if value is not None}
        diagram = self.logic.diagram
        try:
            # Every assignment has its own remainders: kept, they would fill the diagram.
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
        Give P(rank and axioms) / P(axioms) for each rank, propositions being independent.

        Only axioms whose propositions all have a probability are conditioned on. None where a
        proposition that the rules depend on has none, where P(axioms) is below
        MINIMUM_AXIOM_PROBABILITY, or where the rules are too entangled to compute it.
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
        """For each rank k, and one past the worst, give the unconnected parts to multiply."""
        key = (response_class, axioms)
        if key not in self._plans:
            try:
                with self.logic.diagram.attempt(DEFAULT_BUDGET, keep=True):
                    self._plans[key] = self._parts(response_class, axioms)
            except UndecidedError:
                self._plans[key] = None
        return self._plans[key]

    def _parts(self, response_class: str, axioms: frozenset[int]) -> list[list[int]]:
        ranks = self.ruleset.ranks
        given = [self.logic.axioms[index] for index in sorted(axioms)]
        return [
            self.logic.components(
                given
                + [
                    self.logic.requirements[rule.id]
                    for rule in self._rules[response_class]
                    if ranks.index(rule.otherwise) >= k
                ]
            )
            for k in range(len(ranks) + 1)
        ]

    def axioms_broken(self, assignment: Mapping[str, bool | None]) -> tuple[str, ...]:
        """Give the text of each axiom that the known values already contradict."""
        return tuple(
            axiom.body.text
            for axiom, node in zip(self.ruleset.axioms, self.logic.axioms, strict=True)
            if self.logic.diagram.value(node, assignment) is False
        )
