"""
A response class that no rule is for.

Every completion of such a class has the best rank, whatever it says. Mostly a rule was forgotten or
names another class. A class that extends one with rules has these.

Fails:

    response_classes:
      refuse: {}
      comply: {}
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good

Passes:

    response_classes:
      refuse: {}
      refuse_warmly:
        extends: refuse
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Severity

ID = "class-without-rules"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the response classes without own or inherited rules."""
    best = context.ruleset.ranks[0]
    for response_class in context.ruleset.response_classes.values():
        if not context.rules_of(response_class.name):
            yield Finding(
                ID,
                SEVERITY,
                f"no rule is for '{response_class.name}': each of its completions is '{best}'",
                response_class.place,
                f"add '{response_class.name}' to the 'response_classes' of some rule",
            )
