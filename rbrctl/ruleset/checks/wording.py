"""Wording and places that several checks share."""

from collections.abc import Iterable, Sequence

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Related
from rbrctl.ruleset.model import Rule


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
