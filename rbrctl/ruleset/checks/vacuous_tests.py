"""
A unit test that passes whatever is given.

It expects nothing, or only what is so for every completion of the class. It looks like a guard and
is none.

Fails:

    tests:
      - name: an apology is fine
        response_class: refuse
        given: {apology: true}
        expect: {keeps: []}

Passes:

    tests:
      - name: an apology is fine
        response_class: refuse
        given: {apology: true}
        expect: {keeps: [apologises]}
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.diagram import FALSE, TRUE
from rbrctl.ruleset.findings import Finding, Severity
from rbrctl.ruleset.model import RuleTest
from rbrctl.ruleset.satisfaction import Constraints

ID = "test-cannot-fail"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the tests whose expectations hold on every assignment."""
    for test in context.ruleset.tests:
        if not (_rank_can_fail(context, test) or _rules_can_fail(context, test)):
            empty = test.expect.rank is None and test.expect.breaks is None
            empty = empty and not test.expect.keeps
            yield Finding(
                ID,
                SEVERITY,
                "this test expects nothing" if empty else "this test passes whatever is given",
                test.place,
                "expect a rank, or the rules that are broken",
            )


def _rank_can_fail(context: CheckContext, test: RuleTest) -> bool:
    """Return whether some assignment, axioms or not, has another rank than the one expected."""
    if test.expect.rank is None:
        return False
    expected = context.ruleset.ranks.index(test.expect.rank)
    rules = context.rules_of(test.response_class)
    requirements = context.logic.requirements
    if any(context.position(rule) > expected and requirements[rule.id] != TRUE for rule in rules):
        return True
    if expected == 0:
        return False
    kept = {rule.id: requirements[rule.id] for rule in rules if context.position(rule) >= expected}
    return Constraints(context.logic, kept).satisfiable


def _rules_can_fail(context: CheckContext, test: RuleTest) -> bool:
    """Return whether some assignment, axioms or not, breaks other rules than expected."""
    requirements = context.logic.requirements
    if any(requirements[id] != TRUE for id in test.expect.keeps or ()):
        return True
    if test.expect.breaks is None:
        return False
    return any(
        requirements[rule.id] != (FALSE if rule.id in test.expect.breaks else TRUE)
        for rule in context.rules_of(test.response_class)
    )
