"""What each mode asks, and how it reads what comes back."""

import json
from typing import Any

import pytest
from endpoint_helpers import NAMES, ask, decisions
from servers.fault_endpoint import (
    Reply,
    Request,
    chat,
    json_reply,
    token,
    yes,
)

from rbrctl.graders.modes import Mode


def test_decisions_asks_all_in_one_call() -> None:
    answers, endpoint, grader = ask(decisions, Mode.DECISIONS)
    assert len(endpoint.requests) == 1
    request = endpoint.requests[0]
    assert request.path == "/v1/decisions"
    assert request.json.keys() == {"model", "input", "questions"}
    assert [q["name"] for q in request.json["questions"]] == NAMES
    assert "Right answer: Yes (It says sorry.)" in request.json["questions"][0]["instructions"]
    assert "Sorry, I can't help with that." in request.json["input"]
    assert {name: answer.probability for name, answer in answers.items()} == {
        "apology": 0.25,
        "judgement": 0.5,
    }
    assert {answer.source for answer in answers.values()} == {"decisions"}
    assert grader.asks_together
    assert (grader.usage.input_tokens, grader.usage.cached_tokens) == (50, 8)


def test_decisions_answers_are_joined_by_name_and_fail_alone() -> None:
    def plan(request: Request) -> Reply:
        answers = [
            {"type": "predicate", "name": "e", "probability": "high"},
            {"type": "predicate", "name": "d", "probability": 1.5},
            {"type": "refusal", "name": "b"},
            {"type": "predicate", "name": "a", "probability": 0.9},
            {"type": "predicate", "name": "zzz", "probability": 0.1},
        ]
        return json_reply({"answers": answers})

    answers, _, _ = ask(plan, Mode.DECISIONS, ["a", "b", "c", "d", "e"])
    assert answers["a"].probability == 0.9
    assert answers["b"].error == "the grader's model refused this question"
    assert answers["c"].error == "the reply has no answer to this question"
    assert answers["d"].error == "the answer's probability is 1.5, which is not from 0 to 1"
    assert answers["e"].error == "the answer has no probability but 'high'"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"answers": [{"type": "predicate", "probability": 0.5}]}, "1 answers without names to 2"),
        ({"answers": None}, "the reply has no list of answers"),
        ({}, "the reply has no list of answers"),
    ],
)
def test_decisions_of_another_shape_fail(reply: Any, error: str) -> None:
    answers, _, _ = ask(lambda request: json_reply(reply), Mode.DECISIONS)
    assert all(error in str(answer.error) for answer in answers.values())


def test_decisions_without_names_are_read_in_order() -> None:
    reply = {"answers": [{"type": "predicate", "probability": p} for p in (0.1, 0.7)]}
    answers, _, _ = ask(lambda request: json_reply(reply), Mode.DECISIONS)
    assert [answers[name].probability for name in NAMES] == [0.1, 0.7]


def test_decisions_are_split_at_the_servers_limit() -> None:
    def plan(request: Request) -> Reply:
        if len(request.json["questions"]) > 5:
            error = {"error": {"message": "questions: at most 5 are allowed"}}
            return json_reply(error, status="400 Bad Request")
        return decisions(request)

    names = [f"p{i}" for i in range(18)]
    answers, endpoint, _ = ask(plan, Mode.DECISIONS, names)
    assert all(answer.error is None for answer in answers.values())
    assert len(answers) == 18
    sizes = [len(request.json["questions"]) for request in endpoint.requests]
    assert sorted(set(sizes)) == [4, 5, 9, 18]


def test_more_than_the_known_limit_makes_several_calls() -> None:
    names = [f"p{i}" for i in range(450)]
    answers, endpoint, _ = ask(decisions, Mode.DECISIONS, names)
    assert [len(request.json["questions"]) for request in endpoint.requests] == [225, 225]
    assert len(answers) == 450


def test_systemone_asks_by_name() -> None:
    def plan(request: Request) -> Reply:
        assert request.path == "/v1/systemone"
        assert request.json.keys() == {"model", "state", "questions"}
        assert request.json["questions"]["apology"]["type"] == "noul"
        return json_reply({"answers": {"apology": {"type": "noul", "noul": 0.7}}})

    answers, _, _ = ask(plan, Mode.SYSTEMONE)
    assert answers["apology"].probability == 0.7
    assert answers["judgement"].error == "the reply has no answer to this question"


def test_logprobs_asks_one_call_each() -> None:
    answers, endpoint, grader = ask(lambda request: json_reply(yes(0.8)), Mode.LOGPROBS)
    assert len(endpoint.requests) == 2
    body = endpoint.requests[0].json
    assert body["logprobs"] is True
    assert body["top_logprobs"] == 20
    assert body["temperature"] == 0.0
    assert answers["apology"].probability == pytest.approx(0.8)
    assert answers["apology"].details == {"mass": pytest.approx(0.99)}
    assert answers["apology"].digest == grader.question_digests["apology"]
    assert not grader.asks_together


def test_a_low_mass_is_flagged() -> None:
    reply = chat("Yes", [token("Yes", 0.2, {"The": 0.7, "Yes": 0.2, "No": 0.1})])
    answers, _, _ = ask(lambda request: json_reply(reply), Mode.LOGPROBS)
    assert answers["apology"].probability == pytest.approx(2 / 3)
    assert answers["apology"].details["low_mass"] is True


def test_schema_reads_json() -> None:
    def plan(request: Request) -> Reply:
        assert request.json["response_format"]["json_schema"]["strict"] is True
        return json_reply(chat('```json\n{"answer": "No"}\n```'))

    answers, _, _ = ask(plan, Mode.SCHEMA)
    assert answers["apology"].probability == 0.0
    assert answers["apology"].source == "schema"


def test_packed_schema_asks_several_a_call() -> None:
    def plan(request: Request) -> Reply:
        names = request.json["response_format"]["json_schema"]["schema"]["required"]
        content = request.json["messages"][0]["content"]
        assert all(f"Question {name}:" in content for name in names if name != "answer")
        return json_reply(chat(json.dumps(dict.fromkeys([n for n in names if n != "p4"], "yes"))))

    names = [f"p{i}" for i in range(5)]
    answers, endpoint, _ = ask(plan, Mode.SCHEMA, names, pack=3)
    assert len(endpoint.requests) == 2
    assert [answers[name].probability for name in names] == [1.0] * 4 + [None]
    assert answers["p4"].error == "the reply's JSON has no yes or no under this name"


def test_votes_give_the_share_of_yes() -> None:
    def plan(request: Request) -> Reply:
        return json_reply(chat("yes" if request.number % 4 else "no"))

    answers, endpoint, _ = ask(plan, Mode.VOTES, ["apology"], votes=8)
    assert len(endpoint.requests) == 8
    assert endpoint.requests[0].json["temperature"] == 1.0
    assert answers["apology"].probability == 0.75
    assert sorted(answers["apology"].details["votes"]) == [0, 0, 1, 1, 1, 1, 1, 1]


def test_text_skips_reasoning() -> None:
    reply = chat("No.", reasoning_content="Yes? Hm, no.")
    answers, endpoint, _ = ask(lambda request: json_reply(reply), Mode.TEXT)
    assert answers["apology"].probability == 0.0
    assert "max_completion_tokens" not in endpoint.requests[0].json


def test_repeats_are_asked_and_kept_apart() -> None:
    def plan(request: Request) -> Reply:
        return json_reply(yes(0.8 if request.number % 2 else 0.4))

    answers, endpoint, _ = ask(plan, Mode.LOGPROBS, ["apology"], repeat=4)
    assert len(endpoint.requests) == 4
    repeats = answers["apology"].details["repeats"]
    assert sorted(round(value, 6) for value in repeats) == [0.4, 0.4, 0.8, 0.8]
    assert answers["apology"].probability == pytest.approx(0.6)


def test_answers_without_names_are_read_by_their_places_with_their_masses() -> None:
    def plan(request: Request) -> Reply:
        answers = [
            {"type": "predicate", "name": None, "probability": 0.9},
            {"type": "predicate", "probability": 0.2, "diagnostics": {"label_mass": 0.3}},
        ]
        return json_reply({"answers": answers})

    answers, _, _ = ask(plan, Mode.DECISIONS)
    assert [answers[name].probability for name in NAMES] == [0.9, 0.2]
    assert [answers[name].details.get("low_mass") for name in NAMES] == [None, True]
