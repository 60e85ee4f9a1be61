"""
A check that could not be brought to an end.

The proofs of all checks together have a budget of diagram nodes, which a rule set with huge or very
entangled expressions can exceed. What was not proved is not said to be fine: this finding stands
for it. Split expressions that combine dozens of propositions into rules of their own.
"""

from rbrctl.ruleset.findings import Severity

ID = "undecided"
SEVERITY = Severity.WARNING
