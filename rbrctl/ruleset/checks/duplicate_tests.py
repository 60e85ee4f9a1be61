"""
Two unit tests of the same name, or that test the same.

A name that stands twice does not tell which test failed. Two tests with the same response class,
the same propositions true and the same expectations are one test.

Fails:

    tests:
      - name: an apology is enough
        response_class: refuse
        given: {apology: true}
        expect: {rank: ideal}
      - name: an apology without judgement is enough
        response_class: refuse
        given: {apology: true, judgement: false}
        expect: {rank: ideal}

Passes:

    tests:
      - name: an apology is enough
        response_class: refuse
        given: {apology: true}
        expect: {rank: ideal}
      - name: an apology that judges is not
        response_class: refuse
        given: {apology: true, judgement: true}
        expect: {rank: less_good}
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.findings import Finding, Related, Severity
from rbrctl.ruleset.model import RuleTest

ID = "duplicate-test"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the tests whose name or content an earlier one has."""
    names: dict[str, RuleTest] = {}
    contents: dict[object, RuleTest] = {}
    for test in context.ruleset.tests:
        namesake = names.setdefault(test.name, test)
        double = contents.setdefault(_content(test), test)
        if namesake is not test:
            yield _finding(test, namesake, "another test has this name", "rename one of them")
        elif double is not test:
            yield _finding(
                test, double, f"this tests the same as '{double.name}'", "remove one of them"
            )


def _content(test: RuleTest) -> object:
    expect = test.expect
    return (
        test.response_class,
        frozenset(name for name, value in test.given.items() if value),
        expect.rank,
        None if expect.breaks is None else frozenset(expect.breaks),
        frozenset(expect.keeps or ()),
    )


def _finding(test: RuleTest, first: RuleTest, message: str, hint: str) -> Finding:
    return Finding(ID, SEVERITY, message, test.place, hint, (Related(first.place, "first here"),))
