"""
A definition or response class that is made of itself.

Definitions may use each other and classes may extend each other, but not in a circle: there would
be no beginning from which to know what they mean.

Fails:

    definitions:
      refuses: apology and declines
      declines: refuses or not fully_complies

Passes:

    definitions:
      refuses: apology and declines
      declines: not fully_complies
"""

from rbrctl.ruleset.findings import Severity

ID = "cyclic-definition"
SEVERITY = Severity.ERROR
