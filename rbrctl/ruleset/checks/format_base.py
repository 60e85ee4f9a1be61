"""
The base set cannot be used.

`base` names a set that ships with rbrctl (`builtin:safety`) or a folder, relative to this one and
inside the same repository. It is not there, lies outside, or leads back to this set.

Fails:

    base: ../../elsewhere
    rules:
      apologises:
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

ID = "base"
SEVERITY = Severity.ERROR
