"""Unit tests of the rules: what each expects and what came, and what they cover of the rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rbrctl.ruleset.evaluation import Evaluator
from rbrctl.ruleset.expressions import names
from rbrctl.ruleset.findings import Finding, Place, Related, Severity
from rbrctl.ruleset.model import Rule, RuleSet, RuleTest

FAILED_TEST = "failed-test"


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What came of one test."""

    __test__ = False

    test: RuleTest
    rank: str
    broken: tuple[str, ...]
    """The rules that the test's assignment breaks."""
    failures: tuple[Finding, ...]
    """One for each expectation that is not met."""

    @property
    def passed(self) -> bool:
        """True when every expectation is met."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a requirement, where it stands."""

    name: str
    place: Place
    covered: bool
    """True when, in some test, the other value of this word alone changes the rank."""


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What the tests show of one rule."""

    rule: Rule
    kept: int
    """The number of tests that keep it."""
    broken: int
    """The number of tests that break it."""
    parts: tuple[Part, ...]

    @property
    def covered(self) -> int:
        """Number of points that are covered: kept, broken, and each part of the requirement."""
        return (self.kept > 0) + (self.broken > 0) + sum(part.covered for part in self.parts)

    @property
    def total(self) -> int:
        """Number of points to cover."""
        return 2 + len(self.parts)

    @property
    def complete(self) -> bool:
        """True when all points are covered."""
        return self.covered == self.total


@dataclass(frozen=True, slots=True)
class TestRun:
    """All tests that were run, and what they cover together."""

    __test__ = False

    outcomes: tuple[TestOutcome, ...]
    rules: tuple[RuleCoverage, ...]

    @property
    def failed(self) -> tuple[TestOutcome, ...]:
        """The tests that failed."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    @property
    def coverage(self) -> float:
        """The share of all rules' points that are covered; 1 where there are no rules."""
        total = sum(each.total for each in self.rules)
        return sum(each.covered for each in self.rules) / total if total else 1.0


def run_tests(ruleset: RuleSet, containing: str | None = None) -> TestRun:
    """Run the tests of a sound rule set, or those whose name contains a text, cases apart."""
    wanted = (containing or "").casefold()
    evaluator = Evaluator(ruleset)
    coverage = _Coverage(evaluator)
    outcomes: list[TestOutcome] = []
    for test in ruleset.tests:
        if wanted in test.name.casefold():
            values = evaluator.complete(test.given)
            broken = evaluator.broken(test.response_class, values)
            failures = tuple(_failures(evaluator, test, broken))
            outcomes.append(
                TestOutcome(test, evaluator.rank(test.response_class, broken), broken, failures)
            )
            coverage.count(test, broken, values)
    return TestRun(tuple(outcomes), tuple(coverage.rules()))


class _Coverage:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        rules = evaluator.ruleset.rules
        self._kept = dict.fromkeys(rules, 0)
        self._broken = dict.fromkeys(rules, 0)
        self._words: dict[str, set[int]] = {id: set() for id in rules}

    def count(self, test: RuleTest, broken: tuple[str, ...], values: dict[str, bool]) -> None:
        for rule in self._evaluator.ruleset.rules_of(test.response_class):
            counts = self._broken if rule.id in broken else self._kept
            counts[rule.id] += 1
            self._words[rule.id] |= self._evaluator.decisive_words(
                test.response_class, rule, broken, values
            )

    def rules(self) -> Iterator[RuleCoverage]:
        for rule in self._evaluator.ruleset.rules.values():
            body = rule.require
            parts = tuple(
                Part(
                    name.name,
                    body.token_places[name.token] if body.token_places else body.place,
                    name.token in self._words[rule.id],
                )
                for name in names(body.expression)
            )
            yield RuleCoverage(rule, self._kept[rule.id], self._broken[rule.id], parts)


def _failures(evaluator: Evaluator, test: RuleTest, broken: tuple[str, ...]) -> Iterator[Finding]:
    rules, expect = evaluator.ruleset.rules, test.expect
    rank = evaluator.rank(test.response_class, broken)
    if expect.rank not in (None, rank):
        yield _failure(
            test,
            "expect.rank",
            f"expected the rank '{expect.rank}', but it is '{rank}'",
            [rules[id] for id in broken if rules[id].otherwise == rank],
        )
    for id in expect.breaks or ():
        if id not in broken:
            message = f"expected '{id}' to be broken, but it is kept"
            yield _failure(test, f"expect.breaks.{id}", message, [rules[id]])
    for id in broken:
        if expect.breaks is not None and id not in expect.breaks:
            message = f"'{id}' is broken, too, which was not expected"
            yield _failure(test, "expect.breaks", message, [rules[id]])
    for id in expect.keeps or ():
        if id in broken:
            message = f"expected '{id}' to be kept, but it is broken"
            yield _failure(test, f"expect.keeps.{id}", message, [rules[id]])


def _failure(test: RuleTest, part: str, message: str, rules: Iterable[Rule]) -> Finding:
    return Finding(
        FAILED_TEST,
        Severity.ERROR,
        f"{test.name}: {message}",
        test.places.get(part, test.place),
        related=tuple(
            Related(
                rule.place,
                f"'{rule.id}' requires: {' '.join(rule.require.text.split())};"
                f" otherwise {rule.otherwise}",
            )
            for rule in rules
        ),
    )
