"""The run of a rule set's unit tests: what failed, and what the tests leave uncovered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rbrctl.reports.findings import place_body, summary_line, summary_sentence
from rbrctl.reports.interface import Case, Page, Part, Report, ReportKind, Sentence, Suite
from rbrctl.reports.tables import Cell, Column, Table, Wrap
from rbrctl.reports.terminal import Tone
from rbrctl.ruleset.findings import Findings
from rbrctl.ruleset.unit_tests import RuleCoverage, TestOutcome, TestRun
from rbrctl.wording import counted

TEST_VERSION = 1

_COLUMNS = (
    Column("rule", "Rule", wrap=Wrap.NAMES),
    Column("kept", "Kept", numeric=True),
    Column("broken", "Broken", numeric=True),
    Column("parts", "Decisive", numeric=True),
    Column("missing", "Not covered", wrap=Wrap.WORDS),
)


def failures_of(run: TestRun, texts: Mapping[str, str]) -> Findings:
    """Return what failed as findings."""
    return Findings(tuple(each for outcome in run.failed for each in outcome.failures), texts)


def summary(run: TestRun) -> str:
    """Return two lines: how many tests passed, and what they cover."""
    count, rules = len(run.outcomes), len(run.rules)
    parts = [part for each in run.rules for part in each.parts]
    kept = sum(each.kept > 0 for each in run.rules)
    broken = sum(each.broken > 0 for each in run.rules)
    decisive = sum(part.covered for part in parts)
    return (
        f"{count - len(run.failed)} of {counted(count, 'test')} passed\n"
        f"coverage {run.coverage:.3f}: {kept} of {counted(rules, 'rule')} kept, {broken} broken; "
        f"{decisive} of {counted(len(parts), 'name decides', 'names decide')} a rank"
    )


def coverage_table(run: TestRun, *, complete: bool) -> Table:
    """Return a table of the rules; fully covered ones are listed only with ``complete``."""
    rows = [_row(each) for each in run.rules if complete or not each.complete]
    hidden = len(run.rules) - len(rows)
    fully = counted(hidden, "further rule is", "further rules are")
    notes = [f"{fully} fully covered."] if hidden else []
    return Table("rules", "What the tests leave uncovered", _COLUMNS, rows, notes)


def _row(coverage: RuleCoverage) -> list[Cell]:
    decisive = sum(part.covered for part in coverage.parts)
    return [
        Cell(coverage.rule.id),
        Cell(coverage.kept, None if coverage.kept else Tone.BAD),
        Cell(coverage.broken, None if coverage.broken else Tone.BAD),
        Cell(f"{decisive}/{len(coverage.parts)}"),
        Cell(_missing(coverage)),
    ]


def _missing(coverage: RuleCoverage) -> str:
    if not coverage.kept and not coverage.broken:
        return "in no test"
    if not coverage.kept or not coverage.broken:
        return "broken by no test" if coverage.kept else "kept by no test"
    undecided = dict.fromkeys(part.name for part in coverage.parts if not part.covered)
    return f"never decides a rank: {', '.join(undecided)}" if undecided else ""


@dataclass(frozen=True, slots=True)
class UnitTestReport(Report):
    """
    The run of a rule set's unit tests.

    Formats that know only findings show the failures; JUnit shows every test.
    """

    kind: ClassVar[ReportKind] = ReportKind.TESTS
    run: TestRun
    texts: Mapping[str, str]
    """The texts of the rule set's files, by file name."""
    name: str = "test"
    version: int = TEST_VERSION

    @property
    def passed(self) -> bool:
        """True if every test passed."""
        return not self.run.failed

    @property
    def verdict(self) -> str:
        """The count of the failures, of the tests, and of what they cover."""
        return summary_line(self.findings(), summary(self.run).replace("\n", "; "))

    @property
    def log_line(self) -> str:
        """The counts, which say by themselves whether anything failed."""
        return f"{self.title}: {self.verdict}"

    def parts(self, page: Page) -> Sequence[Part]:
        """Return failures, rules that are not covered (``page.wide``: all rules), and counts."""
        parts: list[Part] = []
        if self.run.failed:
            failures = self.findings()
            subject = counted(len(self.run.outcomes), "test")
            parts += [failures, summary_sentence(failures, subject)]
        if page.wide or not all(each.complete for each in self.run.rules):
            parts.append([coverage_table(self.run, complete=page.wide)])
        tone = Tone.BAD if self.run.failed else Tone.GOOD
        return [*parts, Sentence(summary(self.run), tone)]

    def findings(self) -> Findings:
        """Return what failed."""
        return failures_of(self.run, self.texts)

    def suites(self) -> Sequence[Suite]:
        """Return the tests, grouped by response class."""
        return [junit_suite(self.run)]

    def body(self) -> Mapping[str, Any]:
        """Return the JSON report's keys."""
        return json_body(self.run)


def json_body(run: TestRun) -> dict[str, Any]:
    """
    Return the body of the JSON report.

    ``{"passed", "failed", "coverage", "tests": [{"name", "place", "response_class", "passed",
    "rank", "broken", "failures"}], "rules": [{"rule", "kept", "broken", "parts": [{"name",
    "place", "covered"}]}]}``.
    """
    return {
        "passed": len(run.outcomes) - len(run.failed),
        "failed": len(run.failed),
        "coverage": run.coverage,
        "tests": [_test_body(outcome) for outcome in run.outcomes],
        "rules": [_rule_body(coverage) for coverage in run.rules],
    }


def _test_body(outcome: TestOutcome) -> dict[str, Any]:
    return {
        "name": outcome.test.name,
        "place": place_body(outcome.test.place),
        "response_class": outcome.test.response_class,
        "passed": outcome.passed,
        "rank": outcome.rank,
        "broken": list(outcome.broken),
        "failures": [failure.message for failure in outcome.failures],
    }


def _rule_body(coverage: RuleCoverage) -> dict[str, Any]:
    return {
        "rule": coverage.rule.id,
        "kept": coverage.kept,
        "broken": coverage.broken,
        "parts": [
            {"name": part.name, "place": place_body(part.place), "covered": part.covered}
            for part in coverage.parts
        ],
    }


def junit_suite(run: TestRun) -> Suite:
    """Return the tests as JUnit knows them, grouped by response class."""
    return Suite("rbrctl test", [_case(outcome) for outcome in run.outcomes])


def _case(outcome: TestOutcome) -> Case:
    failures = outcome.failures
    details = [f"{each.place}: {each.message}" for each in failures]
    details += [f"see {each.place}: {each.message}" for f in failures for each in f.related]
    return Case(
        outcome.test.response_class,
        outcome.test.name,
        failures[0].message if failures else None,
        "\n".join(details),
    )
