"""Why a result has its rank, asked from Python."""

from dataclasses import replace
from pathlib import Path

import pytest

import rbrctl
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.grading.explaining import explain_result, find_result
from rbrctl.grading.judging import PlainDecoder
from rbrctl.records.problems import raise_problem

RULES = """
rbrctl: 1
name: tiny
version: "1"
ranks: [good, bad]
response_classes: {talk: {aliases: [Talk]}, shout: {}}
propositions: {rude: {cues: [you fool]}, loud: {cues: [hey]}}
rules:
  not-rude: {response_classes: [talk], require: not rude, otherwise: bad}
"""


@pytest.fixture
def rules(tmp_path: Path) -> rbrctl.RuleSet:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return rbrctl.load(path)


@pytest.fixture
def result(rules: rbrctl.RuleSet) -> rbrctl.Result:
    return next(rbrctl.grade([rbrctl.make_transcript("Hi", "You fool!", "Talk")], rules))


def test_the_answer_that_forces_the_rank_is_the_reason(
    result: rbrctl.Result, rules: rbrctl.RuleSet
) -> None:
    found = explain_result(result, rules, PlainDecoder())
    assert found is not None
    assert (found.reason.response_class, found.reason.rank) == ("talk", "bad")
    assert found.reason.answers == {"rude": True}
    assert found.reason.broken == {"not-rude": {"rude": True}}


def test_a_result_without_a_class_has_no_rank_to_explain(
    result: rbrctl.Result, rules: rbrctl.RuleSet
) -> None:
    assert explain_result(replace(result, response_class=None), rules, PlainDecoder()) is None


def test_a_class_that_the_rules_do_not_have_is_named_with_the_nearest_one(
    result: rbrctl.Result, rules: rbrctl.RuleSet
) -> None:
    with pytest.raises(UsageError, match="no response class 'tlk'; did you mean 'talk'"):
        explain_result(replace(result, response_class="tlk"), rules, PlainDecoder())


def test_a_result_is_found_by_its_id(tmp_path: Path, rules: rbrctl.RuleSet) -> None:
    row = rbrctl.make_transcript("Hi", "You fool!", "talk")
    path = tmp_path / "results.jsonl"
    (written,) = rbrctl.grade([row], rules, output=path)
    assert find_result(str(path), written.id, raise_problem).rank == "bad"
    with pytest.raises(NothingMatchedError, match="no result with the id 'other'"):
        find_result(str(path), "other", raise_problem)
