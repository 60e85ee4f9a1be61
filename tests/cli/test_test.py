import json
from pathlib import Path

import pytest

from rbrctl.cli.registry import ENTRIES

RULES = str(Path(__file__).parent.parent.parent / "rules")
SET = """\
rbrctl: 1
name: example
version: "1"
ranks: [ideal, poor]
response_classes: {refuse: {}}
propositions: {apology: {}}
rules:
  apologises: {response_classes: [refuse], require: apology, otherwise: poor}
"""
TESTS = """\
tests:
  - {name: sorry is fine, response_class: refuse, given: {apology: true}, expect: {rank: ideal}}
  - {name: silence is too, response_class: refuse, given: {}, expect: {rank: ideal}}
"""


@pytest.fixture
def rbrctl(program, tmp_path):
    program.entries.extend(ENTRIES)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "ruleset.yaml").write_text(SET + TESTS, "utf-8")
    return program


def test_the_reference_rules_are_tested_wholly(rbrctl):
    outcome = rbrctl("test", RULES, "--min-coverage", "1")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "coverage 1.000" in outcome.stdout


def test_a_failed_test_is_a_no_with_its_place_and_its_rule(rbrctl):
    outcome = rbrctl("test")
    assert outcome.code == 1
    assert "rules/ruleset.yaml:11:78: error[failed-test]: silence is too: " in outcome.stdout
    assert "see rules/ruleset.yaml:8:3: 'apologises' requires: apology" in outcome.stdout
    assert outcome.stdout.endswith(
        "1 of 2 tests passed\n"
        "coverage 1.000: 1 of 1 rule kept, 1 broken; 1 of 1 name decides a rank\n"
    )


def test_a_filter_and_a_gate_on_coverage(rbrctl):
    outcome = rbrctl("test", "-k", "Sorry")
    assert outcome.code == 0
    assert "apologises" in outcome.stdout
    assert "broken by no test" in outcome.stdout
    gated = rbrctl("test", "-k", "sorry", "--min-coverage", "0.9")
    assert gated.code == 1
    assert "the coverage is 0.667, which is less than 0.9" in gated.stderr
    assert rbrctl("test", "--min-coverage", "1.5").code == 2


def test_nothing_to_run_is_said(rbrctl, tmp_path):
    outcome = rbrctl("test", "-k", "nothing")
    assert (outcome.code, outcome.stdout) == (3, "")
    assert "none of the 2 tests has a name that contains 'nothing'" in outcome.stderr
    (tmp_path / "rules" / "ruleset.yaml").write_text(SET, "utf-8")
    assert rbrctl("test").code == 3
    (tmp_path / "rules" / "ruleset.yaml").write_text(SET + "oops: 1", "utf-8")
    outcome = rbrctl("test")
    assert outcome.code == 2
    assert "unknown key 'oops'" in outcome.stderr


def test_every_format_tells_the_failure(rbrctl):
    report = json.loads(rbrctl("test", "-f", "json").stdout)
    assert (report["report"], report["version"]) == ("test", 1)
    assert (report["passed"], report["failed"], report["coverage"]) == (1, 1, 1.0)
    assert [each["passed"] for each in report["tests"]] == [True, False]
    assert report["rules"][0]["parts"][0]["covered"] is True
    for format_, words in (
        ("github", "::error file=rules/ruleset.yaml,line=11,"),
        ("markdown", "### rbrctl failed"),
        ("junit", '<testcase classname="refuse" name="sorry is fine"'),
    ):
        outcome = rbrctl("test", "-f", format_)
        assert outcome.code == 1
        assert words in outcome.stdout
