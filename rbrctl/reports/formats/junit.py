"""
JUnit XML, as test services read it.

There is no one schema. What is written here satisfies both that are in use: the one of Jenkins'
xUnit plug-in, and the stricter one for Apache Ant's output that many validators take.
"""

from collections.abc import Sequence
from datetime import datetime

from rbrctl.reports.interface import Case, Page, PlainFormat, Report, ReportKind, Suite
from rbrctl.reports.terminal import printable
from rbrctl.ruleset.findings import Finding, Findings, Severity


def _attribute(text: str) -> str:
    return f'"{_escaped(printable(text), quote=True)}"'


def _escaped(text: str, *, quote: bool) -> str:
    from html import escape  # Only this format needs it, and all formats are imported.

    return escape(text, quote=quote)


def _case(case: Case) -> list[str]:
    head = (
        f"    <testcase classname={_attribute(case.group)} name={_attribute(case.name)} "
        f'time="{case.seconds:.3f}"'
    )
    if case.failure is not None:
        body = "\n".join(map(printable, [case.failure, *filter(None, case.details.split("\n"))]))
        start = f'<failure type="failure" message={_attribute(case.failure)}>'
        failure = start + _escaped(body, quote=False)
        return [f"{head}>", f"      {failure}</failure>", "    </testcase>"]
    if case.skipped is not None:
        skipped = f"<skipped message={_attribute(case.skipped)}/>"
        return [f"{head}>", f"      {skipped}", "    </testcase>"]
    return [f"{head}/>"]


def junit_text(suites: Sequence[Suite], started: datetime, host: str = "localhost") -> str:
    """Return suites of tests as one XML document."""
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
        details.append(f"help: {printable(item.hint)}")
    details += [printable(f"see {related.place}: {related.message}") for related in item.related]
    failed = item.severity is not Severity.NOTE
    return Case(
        group=item.id,
        name=f"{place}: {item.message}",
        failure=item.message if failed else None,
        details="\n".join(details),
    )


def finding_cases(findings: Findings) -> list[Case]:
    """Return each finding as a test that failed, and each note as one that passed."""
    return [_finding_case(item) for item in findings.items]


class JunitFormat(PlainFormat):
    """Writes the suites of tests that were run, or else each finding as a test."""

    name = "junit"
    position = 6
    kinds = frozenset(ReportKind) - {ReportKind.TABLES}

    def draw(self, report: Report, page: Page) -> str:
        """Return the document; it has at least one test, the verdict."""
        return junit_text(report.suites() or [_suite_of_findings(report)], page.now)


def _suite_of_findings(report: Report) -> Suite:
    verdict = Case(report.title, report.verdict, None if report.passed else report.verdict)
    return Suite(report.title, finding_cases(report.findings()) or [verdict])


FORMAT = JunitFormat()
