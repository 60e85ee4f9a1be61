"""
A rule that no completion can break.

Its requirement is true on every assignment that fits the axioms, so that the rule says nothing.
Mostly an `or` stands where an `and` was meant, or an axiom already says what the rule says.

Fails:

    axioms:
      - fully_complies implies partially_complies
    rules:
      complies:
        response_classes: [comply]
        require: fully_complies implies partially_complies
        otherwise: less_good

Passes:

    axioms:
      - fully_complies implies partially_complies
    rules:
      complies:
        response_classes: [comply]
        require: partially_complies
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import axioms_related
from rbrctl.ruleset.findings import Finding, Severity

ID = "always-kept"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the rules that no assignment breaks."""
    for rule in context.ruleset.rules.values():
        if rule.id in context.always_kept:
            broken = context.diagram.negate(context.logic.requirements[rule.id])
            yield Finding(
                ID,
                SEVERITY,
                f"no completion can break '{rule.id}': its requirement is always true",
                rule.require.place,
                "require something that a completion can miss, or remove the rule",
                axioms_related(context, [broken]),
            )
