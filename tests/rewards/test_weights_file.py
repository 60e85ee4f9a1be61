from dataclasses import replace
from pathlib import Path

import pytest

from rbrctl.errors import FileError, UsageError
from rbrctl.records.models import GraderIdentity, RuleSetIdentity
from rbrctl.rewards.function import RewardFunction
from rbrctl.rewards.weights import Weights, read_weights, weights_text, write_weights
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

WEIGHTS = Weights(
    ruleset=RuleSetIdentity("small", "1", ""),
    classes={"c": {"kind": 1.5, "rude": -2.0, "good": 0.25, "kind or idle": 0.0}},
    grader=GraderIdentity("embedded", "abc", "v1"),
    fit={"loss": "hinge", "pairs": 12},
)
FILE = weights_text(replace(WEIGHTS, ruleset=RuleSetIdentity("small", "1", "d1")))


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    weights = replace(WEIGHTS, ruleset=RuleSetIdentity("small", "1", "d1"))
    write_weights(tmp_path / "w.yaml", weights)
    assert read_weights(tmp_path / "w.yaml") == weights


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "not a weights file"),
        ("a: [", "w.yaml:1:5: not YAML"),
        ("rules: {}", "not a weights file"),
        (FILE.replace("rbrctl_weights: 1", "rbrctl_weights: 9"), "format 9"),
        (FILE.replace("kind: 1.5", "kind: .nan"), "must be a finite number"),
        (FILE.replace("kind: 1.5", "kind: high"), "weight of c / kind must be a finite number"),
        (FILE.replace("weights:\n  c:", "wieghts:\n  c:"), "unknown key 'wieghts'"),
        (FILE.replace("digest: d1", "digest: 1"), "'digest' must be a string"),
        (FILE + "weights: {}\n", "weights"),
        (
            "rbrctl_weights: 1\nruleset: {name: a, version: '1', digest: b}\nweights: {}",
            "no weights",
        ),
    ],
)
def test_bad_files_are_refused_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_weights(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_weights(tmp_path / "none.yaml")


def test_weights_of_other_rules_are_refused(ruleset: RuleSet) -> None:
    judge = Judge(replace(ruleset, digest="other"))
    with pytest.raises(UsageError, match="fit them again"):
        RewardFunction(judge, WEIGHTS)


def test_the_reward_is_a_sum(judge: Judge) -> None:
    function = RewardFunction(judge, WEIGHTS)
    reward = function.reward("c", {"kind": 1.0, "rude": 0.0, "idle": 0.5}, rm_score=0.5)
    assert reward is not None
    assert reward.features == {"kind": 1.0, "rude": 0.0, "good": 1.0, "kind or idle": 1.0}
    assert reward.rules == pytest.approx(1.75)
    assert reward.total == pytest.approx(2.25)


def test_what_could_not_be_graded_has_no_reward(judge: Judge) -> None:
    assert RewardFunction(judge, WEIGHTS).reward("c", {"kind": 1.0}) is None


@pytest.mark.parametrize("spelling", ["d", "cc", ""])
def test_an_unknown_class_is_named(judge: Judge, spelling: str) -> None:
    with pytest.raises(UsageError, match="there is no response class"):
        RewardFunction(judge, WEIGHTS).resolve(spelling)


def test_a_class_that_the_fit_never_saw_is_named(ruleset: RuleSet) -> None:
    other = replace(
        ruleset,
        response_classes={
            **ruleset.response_classes,
            "d": replace(ruleset.response_classes["c"], name="d"),
        },
    )
    with pytest.raises(UsageError, match="no weights for the response class 'd': they are for c"):
        RewardFunction(Judge(other), WEIGHTS).resolve("d")
