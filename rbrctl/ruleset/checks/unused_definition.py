"""
A definition that no rule uses.

Neither a requirement nor a feature names it, not even through another definition. That an axiom
names it does not count.

Fails:

    definitions:
      refuses: apology and not fully_complies
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good

Passes:

    definitions:
      refuses: apology and not fully_complies
    rules:
      refuses:
        response_classes: [refuse]
        require: refuses
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import used_definitions
from rbrctl.ruleset.findings import Finding, Severity

ID = "unused-definition"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the definitions that no requirement and no feature leads to."""
    used = used_definitions(context.ruleset)
    for definition in context.ruleset.definitions.values():
        if definition.name not in used:
            yield Finding(
                ID,
                SEVERITY,
                f"no rule uses the definition '{definition.name}'",
                definition.place,
                "use it in a rule, or remove it",
            )
