"""
A unit test of the rules that fails.

`rbrctl test` applies the rules to what the test gives (the rest is false), and the rank or the
rules that are broken are not those that the test expects. Either a rule is not what it should be,
or the test is not: the finding names the rules in question.
"""

from rbrctl.ruleset.findings import Severity

ID = "failed-test"
SEVERITY = Severity.ERROR
