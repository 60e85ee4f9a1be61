"""
A file does not have the shape of a rule set.

A key is unknown or missing, or a value is of the wrong kind. `rbrctl schema` prints the JSON
Schema, with which editors complete keys and mark mistakes as you type. Keys that begin with `x-`
are yours.

Fails:

    rules:
      apologises:
        response_class: [refuse]
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

ID = "schema"
SEVERITY = Severity.ERROR
