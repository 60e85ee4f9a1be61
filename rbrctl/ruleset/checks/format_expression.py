"""
An expression cannot be read.

Expressions are made of names, `not`, `and`, `or`, `implies` and parentheses, and of nothing else.
`not` binds before `and`, `and` before `or`, `or` before `implies`, which associates to the right.

Fails:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology && !judgement
        otherwise: less_good

Passes:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology and not judgement
        otherwise: less_good
"""

from rbrctl.ruleset.findings import Severity

ID = "expression"
SEVERITY = Severity.ERROR
