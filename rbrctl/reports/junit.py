"""
JUnit XML, as test services read it.

There is no one schema. What is written here satisfies both that are in use: the one of Jenkins'
xUnit plug-in, and the stricter one for Apache Ant's output that many validators take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from rbrctl.reports.outcome import Outcome
from rbrctl.reports.terminal import printable
from rbrctl.ruleset.findings import Finding, Findings, Severity


@dataclass(frozen=True, slots=True)
class Case:
    """One test: passed unless ``failure`` or ``skipped`` says why not."""

    group: str
    name: str
    failure: str | None = None
    details: str = ""
    """What else to say about a failure, in lines."""
    skipped: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that belong together."""

    name: str
    cases: Sequence[Case]


def _attribute(text: str) -> str:
    return f'"{escape(printable(text))}"'


def _case(case: Case) -> list[str]:
    head = (
        f"    <testcase classname={_attribute(case.group)} name={_attribute(case.name)} "
        f'time="{case.seconds:.3f}"'
    )
    if case.failure is not None:
        body = "\n".join(map(printable, [case.failure, *filter(None, case.details.split("\n"))]))
        start = f'<failure type="failure" message={_attribute(case.failure)}>'
        failure = start + escape(body, quote=False)
        return [f"{head}>", f"      {failure}</failure>", "    </testcase>"]
    if case.skipped is not None:
        skipped = f"<skipped message={_attribute(case.skipped)}/>"
        return [f"{head}>", f"      {skipped}", "    </testcase>"]
    return [f"{head}/>"]


def junit_text(suites: Sequence[Suite], started: datetime, host: str = "localhost") -> str:
    """Write suites of tests as one XML document."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for number, suite in enumerate(suites):
        failures = sum(case.failure is not None for case in suite.cases)
        skipped = sum(case.skipped is not None and case.failure is None for case in suite.cases)
        seconds = sum(case.seconds for case in suite.cases)
        lines += [
            f'  <testsuite id="{number}" package="rbrctl" name={_attribute(suite.name)} '
            f'timestamp="{started:%Y-%m-%dT%H:%M:%S}" hostname={_attribute(host)} '
            f'tests="{len(suite.cases)}" failures="{failures}" errors="0" skipped="{skipped}" '
            f'time="{seconds:.3f}">',
            "    <properties/>",
        ]
        for case in suite.cases:
            lines += _case(case)
        lines += ["    <system-out/>", "    <system-err/>", "  </testsuite>"]
    return "\n".join([*lines, "</testsuites>"])


def _finding_case(item: Finding) -> Case:
    # A file's name may hold a newline, and details are split into lines.
    place = printable(str(item.place)) if item.place else "rule set"
    details = [f"{item.severity} at {place}"]
    if item.hint is not None:
        details.append(f"would be right: {printable(item.hint)}")
    details += [printable(f"see {related.place}: {related.message}") for related in item.related]
    failed = item.severity is not Severity.NOTE
    return Case(
        group=item.id,
        name=f"{place}: {item.message}",
        failure=item.message if failed else None,
        details="\n".join(details),
    )


def finding_cases(findings: Findings) -> list[Case]:
    """Give each finding as a test that failed, a note as one that passed."""
    return [_finding_case(item) for item in findings.items]


class JunitFindings:
    """Writes each finding as a test."""

    def __init__(self, started: datetime) -> None:
        """Date the run."""
        self.started = started

    def render(self, findings: Findings, subject: str = "") -> str:
        """Write the document; where nothing was found, it has the one test that says so."""
        passed = Case("rbrctl", f"no findings in {subject}" if subject else "no findings")
        return junit_text([Suite("rbrctl", finding_cases(findings) or [passed])], self.started)


class JunitOutcome:
    """Writes the suites of tests that were run, if any, and each finding as a test."""

    def __init__(self, started: datetime, suites: Sequence[Suite] = ()) -> None:
        """Date the run, and report ``suites``."""
        self.started = started
        self.suites = suites

    def render(self, outcome: Outcome) -> str:
        """Write the document; it has at least one test, the verdict."""
        cases = finding_cases(outcome.findings)
        if not cases and not self.suites:
            failure = None if outcome.passed else outcome.verdict
            cases = [Case(f"rbrctl {outcome.command}", outcome.verdict, failure)]
        own = [Suite(f"rbrctl {outcome.command}", cases)] if cases else []
        return junit_text([*self.suites, *own], self.started)
