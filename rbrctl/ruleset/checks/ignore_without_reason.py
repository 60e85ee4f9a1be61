"""
An ignore that does not say why.

`# rbrctl: ignore[ID] reason`, on the line of a finding or alone on the line above it, accepts the
finding. Whoever reads it later needs the reason.

Fails:

    propositions:
      apology: {}
      judgement: {}  # rbrctl: ignore[unused-proposition]

Passes:

    propositions:
      apology: {}
      judgement: {}  # rbrctl: ignore[unused-proposition] for old labels
"""

from rbrctl.ruleset.findings import Severity

ID = "ignore-without-reason"
SEVERITY = Severity.WARNING
