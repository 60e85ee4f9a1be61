"""
A name that stands for nothing.

An expression, rule, test, policy category or feature names a proposition, definition, rank,
response class or rule that the set does not have. Mostly it is mistyped. A test may only name rules
that are for its response class, and gives propositions, not definitions.

Fails:

    rules:
      apologises:
        response_classes: [refuse]
        require: apologi
        otherwise: less_good

Passes:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
"""

from rbrctl.ruleset.findings import Severity

ID = "undefined-name"
SEVERITY = Severity.ERROR
