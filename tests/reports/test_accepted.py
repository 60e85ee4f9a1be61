import json

from rbrctl.reports.findings import FindingsReport, summary_line
from rbrctl.reports.formats.json import FORMAT
from rbrctl.reports.interface import Page
from rbrctl.ruleset.findings import Accepted, Finding, Findings, Severity

FINDING = Finding("unused", Severity.WARNING, "nobody uses it")


def test_what_is_accepted_is_counted_and_does_not_fail():
    findings = Findings(accepted=(Accepted(FINDING, "meant so"),))
    assert not findings.failed
    assert summary_line(findings, "1 file") == "no findings (1 finding accepted) in 1 file"
    twice = Findings((FINDING,), accepted=findings.accepted * 2)
    assert summary_line(twice) == "1 warning (2 findings accepted)"


def test_json_lists_what_is_accepted_with_its_reason():
    accepted = Findings(accepted=(Accepted(FINDING, "meant so"),))
    report = json.loads(FORMAT.draw(FindingsReport(accepted), Page()))
    assert report["findings"] == []
    assert report["accepted"][0]["id"] == "unused"
    assert report["accepted"][0]["reason"] == "meant so"
