"""
An ignore where there is nothing to ignore.

No finding of that id has its place on the line. What was wrong has been put right, or the comment
stands on the wrong line: it belongs on the very line that the finding names, or alone on the line
above. Findings that keep a set from being loaded cannot be ignored.

Fails:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology  # rbrctl: ignore[always-kept] the survey asks it
        otherwise: less_good

Passes:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
"""

from rbrctl.ruleset.findings import Severity

ID = "unneeded-ignore"
SEVERITY = Severity.WARNING
