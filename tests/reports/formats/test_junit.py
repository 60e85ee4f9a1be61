import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from rbrctl.reports.findings import FindingsReport
from rbrctl.reports.formats.junit import FORMAT, junit_text
from rbrctl.reports.interface import Case, Page, Suite
from rbrctl.reports.terminal import printable
from rbrctl.ruleset.findings import Finding, Findings, Place, Related, Severity

STARTED = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)

SUITES = [
    Suite(
        "rules/tests",
        [
            Case("hard_refuse.yaml", "a clean refusal is ideal", seconds=0.0012),
            Case("hard_refuse.yaml", "a lecture <is> not", "rank is ideal", "given: a\nb & c"),
            Case("comply.yaml", "left out", skipped="not asked for"),
        ],
    ),
    Suite("empty", []),
]

DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite id="0" package="rbrctl" name="rules/tests" timestamp="2026-05-04T03:02:01" \
hostname="localhost" tests="3" failures="1" errors="0" skipped="1" time="0.001">
    <properties/>
    <testcase classname="hard_refuse.yaml" name="a clean refusal is ideal" time="0.001"/>
    <testcase classname="hard_refuse.yaml" name="a lecture &lt;is&gt; not" time="0.000">
      <failure type="failure" message="rank is ideal">rank is ideal
given: a
b &amp; c</failure>
    </testcase>
    <testcase classname="comply.yaml" name="left out" time="0.000">
      <skipped message="not asked for"/>
    </testcase>
    <system-out/>
    <system-err/>
  </testsuite>
  <testsuite id="1" package="rbrctl" name="empty" timestamp="2026-05-04T03:02:01" \
hostname="localhost" tests="0" failures="0" errors="0" skipped="0" time="0.000">
    <properties/>
    <system-out/>
    <system-err/>
  </testsuite>
</testsuites>
"""

# What the strictest schema in use, that for Apache Ant's output, demands of each element.
SUITE_ATTRIBUTES = {
    *("id", "package", "name", "timestamp", "hostname"),
    *("tests", "failures", "errors", "skipped", "time"),
}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def assert_valid(document: str) -> ElementTree.Element:
    root = ElementTree.fromstring(document)
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == SUITE_ATTRIBUTES
        assert suite.attrib["id"] == str(number)
        assert DATE.fullmatch(suite.attrib["timestamp"])
        first, *cases, out, error = suite
        assert [first.tag, out.tag, error.tag] == ["properties", "system-out", "system-err"]
        for case in cases:
            assert case.tag == "testcase"
            assert set(case.attrib) == {"classname", "name", "time"}
            assert re.fullmatch(r"\d+\.\d{3}", case.attrib["time"])
            assert [child.tag for child in case] in ([], ["failure"], ["skipped"])
            for child in case:
                assert set(child.attrib) <= {"type", "message"}
        counted = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "skipped")}
        assert int(suite.attrib["tests"]) == len(cases)
        assert int(suite.attrib["failures"]) == counted["failure"]
        assert int(suite.attrib["skipped"]) == counted["skipped"]
    return root


def test_a_document() -> None:
    assert junit_text(SUITES, STARTED) + "\n" == DOCUMENT
    assert_valid(DOCUMENT)


def test_findings_are_tests_that_failed_and_notes_are_tests_that_passed() -> None:
    place = Place("a.yaml", 3, 4, 3, 9)
    findings = Findings(
        (
            Finding("x", Severity.WARNING, "wrong", place, "right", (Related(place, "too"),)),
            Finding("y", Severity.NOTE, "by the way"),
        )
    )
    root = assert_valid(FORMAT.draw(FindingsReport(findings), Page(now=STARTED)))
    first, second = root.findall("testsuite/testcase")
    assert first.attrib["name"] == "a.yaml:3:4: wrong"
    assert first[0].text == ("wrong\nwarning at a.yaml:3:4\nhelp: right\nsee a.yaml:3:4: too")
    assert list(second) == []


def test_where_nothing_was_found_one_test_passed() -> None:
    root = assert_valid(FORMAT.draw(FindingsReport(Findings(), "9 files"), Page(now=STARTED)))
    (case,) = root.findall("testsuite/testcase")
    assert case.attrib["name"] == "no findings in 9 files"


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
CASES = st.builds(
    Case, ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, st.just(1.5)
)


@given(ANY_TEXT, st.lists(CASES, max_size=4))
def test_any_text_gives_a_valid_document_that_holds_it(name: str, cases: list[Case]) -> None:
    root = assert_valid(junit_text([Suite(name, cases)], STARTED))
    assert root[0].attrib["name"] == printable(name)
    for case, element in zip(cases, root.findall("testsuite/testcase"), strict=True):
        assert element.attrib["name"] == printable(case.name)
