"""
A file is not YAML that can be read here.

Beside what no YAML is (a tab as indentation, a quote that is never closed), some YAML is refused:
explicit tags (`!!python/name`), more than one document in a file, nesting deeper than 64 levels,
more than 1,000,000 nodes with aliases counted at each use, files over 16 MB, and text that is not
UTF-8. Rule files come from pull requests, and none of this may crash what checks them.

Fails:

    rules:
      apologises:
        text: A refusal says: sorry
        response_classes: [refuse]
        require: apology
        otherwise: less_good

Passes:

    rules:
      apologises:
        text: "A refusal says: sorry"
        response_classes: [refuse]
        require: apology
        otherwise: less_good
"""

from rbrctl.ruleset.findings import Severity

ID = "yaml"
SEVERITY = Severity.ERROR
