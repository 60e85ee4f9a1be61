"""
A definition that is always true, or never.

Whatever the completion says, the definition has the same value on every assignment that fits the
axioms: it tells nothing apart, and what uses it is not what it seems to be.

Fails:

    definitions:
      refuses: apology or not apology
    rules:
      refuses-without-judgement:
        response_classes: [refuse]
        require: refuses and not judgement
        otherwise: less_good

Passes:

    definitions:
      refuses: apology and not fully_complies
    rules:
      refuses-without-judgement:
        response_classes: [refuse]
        require: refuses and not judgement
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "constant-definition"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the definitions with one value on all assignments."""
    for definition in context.ruleset.definitions.values():
        node = context.logic.definitions[definition.name]
        always = context.certain(node)
        if always or not context.possible(node):
            yield Finding(
                ID,
                SEVERITY,
                f"'{definition.name}' is {'always' if always else 'never'} true",
                definition.body.place,
                "correct the expression, or remove the definition",
            )
