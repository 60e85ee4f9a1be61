"""A rule set's rules, definitions and axioms as functions on one diagram."""

from collections.abc import Iterable, Mapping

from rbrctl.ruleset.diagram import DEFAULT_BUDGET, FALSE, TRUE, Diagram
from rbrctl.ruleset.expressions import Expression, names
from rbrctl.ruleset.model import Definition, RuleSet


def definitions_in_order(definitions: Mapping[str, Definition]) -> list[Definition]:
    """
    Order definitions so that each comes after those that it uses.

    Definitions on a cycle, and those that use one, are left out.
    """
    waiting = {
        name: {used.name for used in names(definition.body.expression)} & definitions.keys()
        for name, definition in definitions.items()
    }
    users: dict[str, list[str]] = {name: [] for name in definitions}
    for name, used_names in waiting.items():
        for used in used_names:
            users[used].append(name)
    ready = [name for name, used_names in waiting.items() if not used_names]
    ordered: list[Definition] = []
    for name in ready:  # grows while it is walked
        ordered.append(definitions[name])
        for user in users[name]:
            waiting[user].discard(name)
            if not waiting[user]:
                ready.append(user)
    return ordered


class RuleLogic:
    """
    What the rules of a sound rule set mean, as nodes of ``diagram``.

    Building it, and any method that makes nodes, may raise UndecidedError.
    """

    def __init__(
        self,
        ruleset: RuleSet,
        budget: int = DEFAULT_BUDGET,
        diagram: Diagram | None = None,
        bound: Mapping[str, int] | None = None,
    ) -> None:
        """
        Build every definition, requirement and axiom.

        ``diagram`` puts them beside what another rule set built there, so that functions can be
        compared; ``bound`` gives names of propositions that stand for functions there already.
        """
        self.ruleset = ruleset
        self.diagram = Diagram(budget) if diagram is None else diagram
        self.definitions: dict[str, int] = dict(bound or {})
        for definition in definitions_in_order(ruleset.definitions):
            self.definitions[definition.name] = self.build(definition.body.expression)
        self.requirements: dict[str, int] = {
            rule.id: self.build(rule.require.expression) for rule in ruleset.rules.values()
        }
        self.axioms: tuple[int, ...] = tuple(
            self.build(axiom.body.expression) for axiom in ruleset.axioms
        )

    def build(self, expression: Expression) -> int:
        """Return the node of an expression over propositions and definitions."""
        return self.diagram.build(expression, self.definitions)

    def dependencies(self, response_class: str) -> tuple[str, ...]:
        """Return the propositions that the class's rules depend on, in the rule set's order."""
        used: set[str] = set()
        for rule in self.ruleset.rules_of(response_class):
            used |= self.diagram.support(self.requirements[rule.id])
        return tuple(name for name in self.ruleset.propositions if name in used)

    def components(self, nodes: Iterable[int]) -> list[int]:
        """
        Conjoin functions that share names, and give one node for each unconnected group.

        Their conjunction equals that of ``nodes``, but no function of all the names at once is
        ever built; [FALSE] where some group has no model.
        """
        groups: list[tuple[frozenset[str], list[int]]] = []
        for node in dict.fromkeys(nodes):
            if node == FALSE:
                return [FALSE]
            support, members = self.diagram.support(node), [node]
            apart: list[tuple[frozenset[str], list[int]]] = []
            for other_support, other_members in groups:
                if support & other_support:
                    support, members = support | other_support, other_members + members
                else:
                    apart.append((other_support, other_members))
            if node != TRUE:
                groups = [*apart, (support, members)]
        combined = [self.diagram.conjunction(members) for _, members in groups]
        return [FALSE] if FALSE in combined else combined

    def satisfiable(self, nodes: Iterable[int]) -> bool:
        """Return whether some assignment makes all of ``nodes`` true."""
        return self.components(nodes) != [FALSE]

    def counterexample(self, nodes: Iterable[int]) -> dict[str, bool] | None:
        """Return a smallest assignment that makes all of ``nodes`` true; None if there is none."""
        model: dict[str, bool] = {}
        for component in self.components(nodes):
            part = self.diagram.smallest_model(component)
            if part is None:
                return None
            model |= part
        return model
