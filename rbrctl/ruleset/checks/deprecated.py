"""
Something deprecated is still used.

A rule or feature that is not deprecated itself depends on a proposition that is. What is deprecated
should go; its `deprecated:` text may say what to use in its place.

Fails:

    propositions:
      apology: {deprecated: use brief_apology}
      brief_apology: {}
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good

Passes:

    propositions:
      apology: {deprecated: use brief_apology}
      brief_apology: {}
    rules:
      apologises:
        response_classes: [refuse]
        require: brief_apology
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Place, Related, Severity
from rbrctl.ruleset.references import expression_places

ID = "deprecated"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the names of deprecated propositions in requirements, definitions and features."""
    deprecated = {
        proposition.name: proposition
        for proposition in context.ruleset.propositions.values()
        if proposition.deprecated
    }
    for name, place in _uses(context):
        if name in deprecated:
            proposition = deprecated[name]
            reason = proposition.deprecated
            yield Finding(
                ID,
                SEVERITY,
                f"'{name}' is deprecated",
                place,
                reason if isinstance(reason, str) and reason else "use something else",
                (Related(proposition.place, "deprecated here"),),
            )


def _uses(context: CheckContext) -> Iterator[tuple[str, Place]]:
    ruleset = context.ruleset
    for definition in ruleset.definitions.values():
        yield from expression_places(definition.body)
    for rule in ruleset.rules.values():
        if not rule.deprecated:
            yield from expression_places(rule.require)
    for response_class, features in ruleset.features.items():
        for feature in features:
            if not isinstance(feature, str):
                yield from expression_places(feature)
            elif place := ruleset.places.get(f"features.{response_class}.{feature}"):
                yield feature, place
