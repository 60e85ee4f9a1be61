"""What the checks share: a rule set, its logic, and proofs that take its axioms as true."""

from collections.abc import Iterable
from functools import cached_property

from rbrctl.ruleset.diagram import FALSE, TRUE, Diagram
from rbrctl.ruleset.logic import RuleLogic
from rbrctl.ruleset.model import Rule, RuleSet
from rbrctl.ruleset.satisfaction import Constraints, minimal_conflict

CHECK_BUDGET = 1_500_000
"""Diagram nodes and steps that all checks of one rule set may take together."""


def axiom_key(number: int) -> str:
    """Return the key of an axiom among constraints, which no rule can have."""
    return f"axiom {number}"


class CheckContext:
    """
    A rule set and what has been proved about it so far.

    All proofs are modulo the axioms: ``possible`` means on some assignment that fits them. Every
    method may raise UndecidedError.
    """

    def __init__(self, ruleset: RuleSet, budget: int = CHECK_BUDGET) -> None:
        """Build the rules' logic."""
        self.ruleset = ruleset
        self.logic = RuleLogic(ruleset, budget)
        self._possible: dict[int, bool] = {}
        self._worse: dict[tuple[str, int], Constraints] = {}
        self._rules = {name: ruleset.rules_of(name) for name in ruleset.response_classes}

    @property
    def diagram(self) -> Diagram:
        """The diagram that all functions live on."""
        return self.logic.diagram

    @cached_property
    def axioms(self) -> Constraints:
        """The axioms, by ``axiom_key``."""
        return Constraints(self.logic, self._axiom_nodes())

    def _axiom_nodes(self) -> dict[str, int]:
        return {axiom_key(number): node for number, node in enumerate(self.logic.axioms)}

    def possible(self, node: int) -> bool:
        """Return whether a function is true on some assignment that fits the axioms."""
        if self._is_free(node):
            return node != FALSE
        if node not in self._possible:
            self._possible[node] = self.axioms.model(node) is not None
        return self._possible[node]

    def certain(self, node: int) -> bool:
        """Return whether a function is true on every assignment that fits the axioms."""
        if node == TRUE or self._is_free(node):
            return node == TRUE
        return not self.possible(self.diagram.negate(node))

    def equal(self, left: int, right: int) -> bool:
        """Return whether two functions agree on every assignment that fits the axioms."""
        if left == right or (self._is_free(left) and self._is_free(right)):
            return left == right
        return not self.possible(self.diagram.ite(left, self.diagram.negate(right), right))

    def _is_free(self, node: int) -> bool:
        """
        Return whether the axioms say nothing about a function's names.

        Of such a function all is known from its node, since equal functions are the same node:
        nothing has to be built or searched, which matters to rule sets of thousands of parts.
        """
        if not self.axioms.satisfiable:
            return False
        return self._axiom_names.isdisjoint(self.diagram.support(node))

    @cached_property
    def _axiom_names(self) -> frozenset[str]:
        return frozenset().union(*map(self.diagram.support, self.logic.axioms))

    def rules_of(self, response_class: str) -> tuple[Rule, ...]:
        """Return the rules that apply to a class, inherited ones included."""
        return self._rules[response_class]

    def classes_of(self, rule: Rule) -> list[str]:
        """Return the response classes that a rule applies to, those that inherit it included."""
        return [
            name
            for name in self.ruleset.response_classes
            if set(self.ruleset.ancestors(name)) & set(rule.response_classes)
        ]

    def position(self, rule: Rule) -> int:
        """Return the place of a rule's ``otherwise`` among the ranks, 0 for the best."""
        return self.ruleset.ranks.index(rule.otherwise)

    @cached_property
    def always_kept(self) -> frozenset[str]:
        """The rules that no assignment breaks."""
        requirements = self.logic.requirements.items()
        return frozenset(rule for rule, node in requirements if self.certain(node))

    @cached_property
    def always_broken(self) -> frozenset[str]:
        """The rules that no assignment keeps."""
        requirements = self.logic.requirements.items()
        return frozenset(rule for rule, node in requirements if not self.possible(node))

    def kept_from(self, response_class: str, position: int) -> Constraints:
        """
        Return the constraints that keep a class's rules for a rank and all worse ranks.

        The keys are those of ``kept``. Rules that are always broken are left out:
        they are found by themselves, and would hide everything else.
        """
        key = (response_class, position)
        if key not in self._worse:
            self._worse[key] = self.kept(
                rule
                for rule in self.rules_of(response_class)
                if self.position(rule) >= position and rule.id not in self.always_broken
            )
        return self._worse[key]

    def kept(self, rules: Iterable[Rule]) -> Constraints:
        """Return the constraints of ``rules``, by their ids, and the axioms, by ``axiom_key``."""
        nodes = {rule.id: self.logic.requirements[rule.id] for rule in rules}
        return Constraints(self.logic, nodes | self._axiom_nodes())

    def conflict(self, rules: Iterable[Rule], assumed: int = TRUE) -> list[Rule]:
        """Return a minimal part of ``rules`` that cannot all be kept if ``assumed`` is true."""
        rules = list(rules)
        constraints = self.kept(rules)

        def satisfiable(part: Iterable[Rule]) -> bool:
            left_out = {rule.id for rule in rules} - {rule.id for rule in part}
            return constraints.model(assumed, left_out) is not None

        return minimal_conflict(rules, satisfiable)

    def axioms_in_conflict(self, nodes: Iterable[int]) -> list[int]:
        """Return a minimal set of axioms (by index) that makes ``nodes`` contradict each other."""
        numbers = range(len(self.logic.axioms))
        parts = {f"part {number}": node for number, node in enumerate(nodes)}
        constraints = Constraints(self.logic, parts | self._axiom_nodes())

        def satisfiable(part: Iterable[int]) -> bool:
            left_out = {axiom_key(number) for number in set(numbers) - set(part)}
            return constraints.model(without=left_out) is not None

        return minimal_conflict(numbers, satisfiable)
