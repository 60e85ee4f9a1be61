"""
One name stands for two things.

A key stands twice in one mapping, two files define the same name, a proposition and a definition
share one, an alias belongs to two response classes, or a name of the base set is defined again. An
entry that is to replace the base's says so with `override: replace`.

Fails:

    propositions:
      apology: {}
    definitions:
      apology: not judgement

Passes:

    propositions:
      apology: {}
    definitions:
      no_judgement: not judgement
"""

from rbrctl.ruleset.findings import Severity

ID = "duplicate-name"
SEVERITY = Severity.ERROR
