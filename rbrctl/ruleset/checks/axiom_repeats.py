"""
An axiom that says nothing new.

It follows from the other axioms, or is true of anything. Of axioms that say the same, the later one
is reported.

Fails:

    axioms:
      - fully_complies implies partially_complies
      - not partially_complies implies not fully_complies

Passes:

    axioms:
      - fully_complies implies partially_complies
      - apology implies not judgement
"""

from collections.abc import Iterator, Sequence

from rbrctl.ruleset.checks.context import CheckContext, axiom_key
from rbrctl.ruleset.diagram import TRUE
from rbrctl.ruleset.findings import Finding, Related, Severity
from rbrctl.ruleset.satisfaction import minimal_conflict

ID = "axiom-repeats"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find, from the last to the first, the axioms that follow from those that remain."""
    remaining = list(range(len(context.logic.axioms)))
    found: list[Finding] = []
    for number in reversed(range(len(context.logic.axioms))):
        others = [each for each in remaining if each != number]
        if not _possible(context, context.diagram.negate(context.logic.axioms[number]), others):
            found.append(_finding(context, number, others))
            remaining = others
    yield from reversed(found)


def _possible(context: CheckContext, node: int, axioms: Sequence[int]) -> bool:
    """Return whether a function can be true together with some of the axioms."""
    left_out = {axiom_key(each) for each in range(len(context.logic.axioms)) if each not in axioms}
    return context.axioms.model(node, left_out) is not None


def _finding(context: CheckContext, number: int, others: Sequence[int]) -> Finding:
    axioms, node = context.ruleset.axioms, context.logic.axioms[number]
    place, hint = axioms[number].place, "remove it"
    if node == TRUE:
        return Finding(ID, SEVERITY, "this axiom is true of anything", place, hint)
    negated = context.diagram.negate(node)
    reasons = minimal_conflict(others, lambda part: _possible(context, negated, part))
    related = tuple(
        Related(axioms[each].place, f"the axiom: {' '.join(axioms[each].body.text.split())}")
        for each in reasons
    )
    return Finding(
        ID, SEVERITY, "this axiom follows from the others and adds nothing", place, hint, related
    )
