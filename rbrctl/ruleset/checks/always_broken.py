"""
A rule that no completion can keep.

Its requirement is false on every assignment that fits the axioms, so that every completion of its
response classes drops to its rank or worse. Mostly an `and` stands where an `or` was meant, or a
definition contradicts what it is combined with.

Fails:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology and not apology
        otherwise: less_good

Passes:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology and not judgement
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import axioms_related
from rbrctl.ruleset.findings import Finding, Severity

ID = "always-broken"
SEVERITY = Severity.ERROR


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the rules that no assignment keeps."""
    for rule in context.ruleset.rules.values():
        if rule.id in context.always_broken:
            yield Finding(
                ID,
                SEVERITY,
                f"no completion can keep '{rule.id}': its requirement is never true",
                rule.require.place,
                "require something that a completion can do",
                axioms_related(context, [context.logic.requirements[rule.id]]),
            )
