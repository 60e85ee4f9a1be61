"""What of a rule set is used by its rules and by the features of its rewards."""

from collections.abc import Iterable, Iterator, Sequence

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.expressions import Expression, Name, names
from rbrctl.ruleset.findings import Related
from rbrctl.ruleset.model import Rule, RuleSet


def feature_expressions(ruleset: RuleSet) -> list[Expression]:
    """Return the expressions of the features; features that are ranks have none."""
    return [
        Name(feature) if isinstance(feature, str) else feature.expression
        for features in ruleset.features.values()
        for feature in features
        if not isinstance(feature, str)
        or feature in ruleset.propositions
        or feature in ruleset.definitions
    ]


def used_propositions(context: CheckContext) -> set[str]:
    """Return the propositions that some requirement or feature depends on."""
    nodes = list(context.logic.requirements.values())
    nodes += [context.logic.build(each) for each in feature_expressions(context.ruleset)]
    return {name for node in nodes for name in context.logic.diagram.support(node)}


def used_definitions(ruleset: RuleSet) -> set[str]:
    """Return the definitions that requirements or features use, directly or not."""
    todo: list[Expression] = [rule.require.expression for rule in ruleset.rules.values()]
    todo += feature_expressions(ruleset)
    used: set[str] = set()
    while todo:
        for name in _definitions_in(ruleset, todo.pop()):
            if name not in used:
                used.add(name)
                todo.append(ruleset.definitions[name].body.expression)
    return used


def _definitions_in(ruleset: RuleSet, expression: Expression) -> Iterator[str]:
    return (each.name for each in names(expression) if each.name in ruleset.definitions)


def listing(names: Sequence[str], last: str = "and") -> str:
    """Write names in quotes as a list in a sentence."""
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def assignment_text(assignment: dict[str, bool], limit: int = 8) -> str:
    """Write which propositions are true, and that the others are false."""
    true = [name for name, value in assignment.items() if value]
    if not true:
        return "where nothing is true"
    shown = ", ".join(true[:limit]) + (" and more" if len(true) > limit else "")
    return f"where only {shown} {'is' if len(true) == 1 else 'are'} true"


def rules_related(rules: Iterable[Rule]) -> tuple[Related, ...]:
    """Point to rules, each with what it requires."""
    return tuple(
        Related(rule.place, f"'{rule.id}' requires: {' '.join(rule.require.text.split())}")
        for rule in rules
    )


def axioms_related(context: CheckContext, nodes: Iterable[int]) -> tuple[Related, ...]:
    """Point to the axioms without which functions that exclude each other would not."""
    return tuple(
        Related(axiom.place, f"the axiom: {' '.join(axiom.body.text.split())}")
        for axiom in map(context.ruleset.axioms.__getitem__, context.axioms_in_conflict(nodes))
    )
