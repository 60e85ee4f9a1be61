"""
A comment for rbrctl that says nothing it knows.

There is one such comment, `# rbrctl: ignore[ID] reason`, with one id or several in the brackets.
Either the comment does not have that form, or there is no such id; `rbrctl explain` lists them.

Fails:

    propositions:
      apology: {}
      judgement: {}  # rbrctl: ignore[unused-propositon] for old labels

Passes:

    propositions:
      apology: {}
      judgement: {}  # rbrctl: ignore[unused-proposition] for old labels
"""

from rbrctl.ruleset.findings import Severity

ID = "unknown-ignore"
SEVERITY = Severity.WARNING
