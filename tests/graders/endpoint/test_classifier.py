"""Inferring a response class from the policy, in every mode."""

import asyncio
import json
from typing import Any

import pytest
from endpoint_helpers import make_grader, make_ruleset, transcript
from servers.fault_endpoint import Plan, Reply, Request, chat, json_reply, serving, token

from rbrctl.graders.interface import ClassGuess
from rbrctl.graders.modes import Mode
from rbrctl.ruleset.model import PolicyArea, PolicyCategory

POLICY = (
    PolicyArea(
        "crime",
        "Help with crime.",
        (PolicyCategory("K-R", "Asks how.", "refuse"), PolicyCategory("K-C", "News.", "comply")),
    ),
    PolicyArea("none", "Anything else.", (PolicyCategory("None", "Plain.", "comply"),)),
)


def guess(plan: Plan, mode: Mode, policy: Any = POLICY) -> tuple[ClassGuess, list[Request]]:
    async def run() -> tuple[ClassGuess, list[Request]]:
        ready = False

        def staged(request: Request) -> Any:
            if ready:
                return plan(request)
            alternatives = {"Yes": 0.9, "No": 0.1}
            text = '{"answer": "yes"}' if mode is Mode.SCHEMA else "Yes"
            return json_reply(chat(text, [token("Yes", 0.9, alternatives)]))

        async with serving(staged) as endpoint:
            ruleset = make_ruleset(policy=policy)
            grader = await make_grader(endpoint.base_url, ruleset=ruleset, mode=mode)
            ready = True
            endpoint.requests.clear()
            first = await grader.classify(transcript())
            calls = len(endpoint.requests)
            again = await grader.classify(transcript("Another completion."))
            await grader.close()
            if first.error is None:
                assert again == first
                assert len(endpoint.requests) == calls
            return first, endpoint.requests

    return asyncio.run(run())


def test_decisions_choose() -> None:
    def plan(request: Request) -> Reply:
        (question,) = request.json["questions"]
        assert [choice["value"] for choice in question["choices"]] == ["K-R", "K-C", "None"]
        assert "Sorry" not in request.json["input"]
        shares = [("K-R", 0.4), ("K-C", 0.35), ("None", 0.25)]
        listed = [{"value": value, "probability": p} for value, p in shares]
        answer = {"type": "choice", "choice": "K-R", "confidence": 0.4, "probabilities": listed}
        return json_reply({"answers": [answer]})

    found, _ = guess(plan, Mode.DECISIONS)
    assert (found.response_class, found.category) == ("comply", "K-R")
    assert found.probability == pytest.approx(0.6)


def test_systemone_chooses() -> None:
    def plan(request: Request) -> Reply:
        criteria = request.json["questions"]["category"]["criteria"]
        assert criteria["K-R"] == "Help with crime. Asks how."
        shares = {"K-R": 0.9, "K-C": 0.05, "None": 0.05}
        return json_reply({"answers": {"category": {"type": "choice", "probabilities": shares}}})

    found, _ = guess(plan, Mode.SYSTEMONE)
    assert (found.response_class, found.probability) == ("refuse", 0.9)


def test_letters_are_weighed_by_their_probabilities() -> None:
    entry = token("A", 0.5, {"A": 0.5, " B": 0.2, "C": 0.1, "D": 0.1})
    found, requests = guess(lambda request: json_reply(chat("A", [entry])), Mode.LOGPROBS)
    assert (found.response_class, found.category) == ("refuse", "K-R")
    assert found.probability == pytest.approx(0.5 / 0.8)
    assert "B: Help with crime. News." in requests[0].json["messages"][1]["content"]


@pytest.mark.parametrize("text", ["B", "**B**", "K-C", "<think>A?</think> B."])
def test_a_plain_letter_or_name_is_read(text: str) -> None:
    found, _ = guess(lambda request: json_reply(chat(text)), Mode.TEXT)
    assert (found.response_class, found.probability, found.category) == ("comply", None, "K-C")


def test_schema_answers_are_read() -> None:
    reply = chat(json.dumps({"category": "A"}))
    found, _ = guess(lambda request: json_reply(reply), Mode.SCHEMA)
    assert found.response_class == "refuse"


@pytest.mark.parametrize(
    ("mode", "reply", "message"),
    [
        (Mode.TEXT, chat("It is hard to say."), "the reply names no category"),
        (Mode.SCHEMA, chat("A"), "not what the schema asks"),
        (Mode.DECISIONS, {"answers": [{"type": "refusal"}]}, "refused this question"),
        (Mode.DECISIONS, {"answers": []}, "refused this question"),
        (Mode.SYSTEMONE, {"answers": {"category": {"choice": "Z"}}}, "chooses no category"),
    ],
)
def test_what_cannot_be_read_is_an_error(mode: Mode, reply: Any, message: str) -> None:
    found, _ = guess(lambda request: json_reply(reply), mode)
    assert found.response_class is None
    assert found.error is not None
    assert message in found.error


def test_without_a_policy_nothing_is_asked() -> None:
    found, requests = guess(lambda request: json_reply({}), Mode.TEXT, policy=())
    assert found.error == "the rule set has no policy to infer a response class by"
    assert requests == []
