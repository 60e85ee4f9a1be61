import io
import json
from typing import Any

import pytest
from reward_helpers import small_rules

from rbrctl.records.models import Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.synthesis.prompts import read_prompts
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet


def read(
    *rows: dict[str, Any], ruleset: RuleSet | None = None
) -> tuple[list[Transcript], ProblemLog]:
    problems = ProblemLog()
    content = "\n".join(map(json.dumps, rows)).encode()
    return read_prompts(io.BytesIO(content), ruleset or small_rules(), problems, "x"), problems


def test_prompts_are_taken_once_and_bad_ones_told() -> None:
    found, problems = read(
        {"prompt": "p", "response_class": "c", "completion": "ignored"},
        {"prompt": "p", "response_class": "c"},
        {"prompt": "q"},
        {"prompt": "q", "response_class": "cc"},
        {"response_class": "c"},
        {"prompt": " \n", "response_class": "c"},
        {"prompt": [], "response_class": "c"},
    )
    assert len(found) == 1
    assert [problem.line for problem in problems.items] == [3, 4, 5, 6, 7]
    assert 'no "response_class"' in str(problems.items[0])
    assert "the prompt is empty" in str(problems.items[3])


@pytest.mark.parametrize("last", [[], [{"role": "assistant", "content": "put aside"}]])
def test_messages_are_a_prompt(last: list[dict[str, str]]) -> None:
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    found, _ = read({"messages": [*turns, *last], "response_class": "c"})
    assert [each.content for each in found[0].prompt] == ["a", "b", "c"]


def test_what_is_of_another_completion_is_left_out_and_the_rest_carried_through() -> None:
    row = {"prompt": "p", "response_class": "c", "origin": "log", "rm_score": 2.0, "labels": {}}
    found, _ = read(row | {"rank_label": "bad", "category": "k"})
    assert dict(found[0].extra) == {"origin": "log"}
    assert (found[0].rank_label, found[0].category) == (None, "k")


def test_a_category_of_the_policy_gives_the_class() -> None:
    safety = load("builtin:safety")
    found, problems = read(
        {"prompt": "p", "category": "C-R"},
        {"prompt": "q", "category": "C-C"},
        {"prompt": "r", "category": "X-X"},
        ruleset=safety,
    )
    assert [each.response_class for each in found] == ["hard_refuse", "comply"]
    assert 'the policy has no category "X-X"' in str(problems.items[0])
