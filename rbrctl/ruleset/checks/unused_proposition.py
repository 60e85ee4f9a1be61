"""
A proposition that no rule depends on.

Whatever its answer, no rule is kept or broken by it, and no feature of the reward uses it: asking
it is wasted. That an axiom or a test names it does not count, nor does a place in a requirement
where it changes nothing. A proposition that is marked `deprecated` may stay.

Fails:

    propositions:
      apology: {}
      judgement: {}
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good

Passes:

    propositions:
      apology: {}
      judgement: {deprecated: split into two others}
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import feature_expressions, used_propositions
from rbrctl.ruleset.findings import Finding, Severity

ID = "unused-proposition"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the propositions in the support of no requirement and no feature."""
    used = used_propositions(context)
    for proposition in context.ruleset.propositions.values():
        if proposition.name not in used and not proposition.deprecated:
            feature = " and no feature" if feature_expressions(context.ruleset) else ""
            yield Finding(
                ID,
                SEVERITY,
                f"no rule{feature} depends on '{proposition.name}'",
                proposition.place,
                "use it in a rule, mark it 'deprecated', or remove it",
            )
