"""
An entry that replaces nothing.

It says `override: replace`, but the base set has no such entry: its name is mistyped, the base has
changed, or there is no base.

Fails:

    rules:
      apologises:
        override: replace
        response_classes: [refuse]
        require: apology
        otherwise: less_good

Passes:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
"""

from rbrctl.ruleset.findings import Severity

ID = "override"
SEVERITY = Severity.ERROR
