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

from collections.abc import Collection, Iterator, Sequence

from rbrctl.ruleset.checks.context import CheckContext, axiom_key
from rbrctl.ruleset.diagram import TRUE
from rbrctl.ruleset.findings import Finding, Related, Severity
from rbrctl.ruleset.satisfaction import minimal_conflict

ID = "axiom-repeats"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find, from the last to the first, the axioms that follow from those that remain."""
    nodes = context.logic.axioms
    earliest: dict[int, int] = {}
    for number, node in enumerate(nodes):
        earliest.setdefault(node, number)
    left_out: set[str] = set()
    found: list[Finding] = []
    for number in reversed(range(len(nodes))):
        node = nodes[number]
        left_out.add(axiom_key(number))
        if node == TRUE:
            found.append(_finding(context, number, "this axiom is true of anything"))
        elif earliest[node] < number:
            # What was written twice needs no proof, and there may be thousands of it.
            found.append(_repeats(context, number, [earliest[node]]))
        elif context.axioms.model(context.diagram.negate(node), left_out) is None:
            found.append(_repeats(context, number, _reasons(context, node, left_out)))
        else:
            left_out.remove(axiom_key(number))
    yield from reversed(found)


def _reasons(context: CheckContext, node: int, left_out: Collection[str]) -> list[int]:
    """Return a minimal set of axioms (by number), none of them left out, from which one follows."""
    negated = context.diagram.negate(node)
    keys = {number: axiom_key(number) for number in range(len(context.logic.axioms))}

    def satisfiable(part: Sequence[int]) -> bool:
        absent = set(keys.values()).difference(keys[each] for each in part)
        return context.axioms.model(negated, absent) is not None

    return minimal_conflict([n for n, key in keys.items() if key not in left_out], satisfiable)


def _repeats(context: CheckContext, number: int, reasons: Sequence[int]) -> Finding:
    axioms = context.ruleset.axioms
    related = tuple(
        Related(axioms[each].place, f"the axiom: {' '.join(axioms[each].body.text.split())}")
        for each in reasons
    )
    message = "this axiom follows from the others and adds nothing"
    return _finding(context, number, message, related)


def _finding(
    context: CheckContext, number: int, message: str, related: tuple[Related, ...] = ()
) -> Finding:
    place = context.ruleset.axioms[number].place
    return Finding(ID, SEVERITY, message, place, "remove it", related)
