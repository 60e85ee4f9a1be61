"""The openai package as oracle: requests are of its parameter types, its replies are read."""

import asyncio
from typing import Any

import pytest
from endpoint_helpers import make_grader, make_ruleset, transcript
from servers.fault_endpoint import Reply, Request, json_reply, serving

from rbrctl.graders.modes import Mode
from rbrctl.ruleset.model import PolicyArea, PolicyCategory

openai = pytest.importorskip("openai", reason="the extra 'test' installs the openai package")
from openai.types import Decision, DecisionCreateParams  # noqa: E402
from openai.types.chat import ChatCompletion  # noqa: E402
from openai.types.chat.completion_create_params import (  # noqa: E402
    CompletionCreateParamsNonStreaming,
)
from pydantic import ConfigDict, TypeAdapter, with_config  # noqa: E402

POLICY = (
    PolicyArea(
        "crime",
        "Help with crime.",
        (
            PolicyCategory("K-R", "Asks how to.", "refuse"),
            PolicyCategory("K-C", "Speaks about.", "comply"),
        ),
    ),
)


def strict(kind: Any) -> Any:
    """Give a validator of a typed dictionary that refuses unknown keys at its top."""
    return TypeAdapter(with_config(ConfigDict(extra="forbid"))(kind))


def lists(value: Any) -> Any:
    """Read the lazily validated iterables of a typed dictionary to their ends."""
    if isinstance(value, dict):
        return {key: lists(item) for key, item in value.items()}
    if isinstance(value, str | int | float | None | bool):
        return value
    return [lists(item) for item in value]


def completion(text: str, logprobs: Any) -> Reply:
    reply = ChatCompletion.model_validate(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                    "logprobs": logprobs,
                }
            ],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
        }
    )
    return json_reply(reply.model_dump(mode="json"))


@pytest.mark.parametrize("mode", [Mode.LOGPROBS, Mode.SCHEMA, Mode.TEXT, Mode.VOTES])
def test_chat_requests_and_replies(mode: Mode) -> None:
    first = {"token": "Yes", "logprob": -0.25, "bytes": [89, 101, 115]}
    second = {"token": "No", "logprob": -1.6, "bytes": [78, 111]}
    logprobs = {"content": [first | {"top_logprobs": [first, second]}], "refusal": None}
    seen: list[Request] = []

    def plan(request: Request) -> Reply:
        seen.append(request)
        if mode is Mode.SCHEMA:
            return completion('{"answer": "yes"}', None)
        return completion("Yes", logprobs if mode is Mode.LOGPROBS else None)

    async def run() -> None:
        async with serving(plan) as endpoint:
            grader = await make_grader(endpoint.base_url, mode=mode, seed=7)
            answers = await grader.answer(transcript(), ["apology"])
            await grader.close()
            assert answers["apology"].probability is not None
            assert answers["apology"].probability > 0.7

    asyncio.run(run())
    validator = strict(CompletionCreateParamsNonStreaming)
    for request in seen:
        lists(validator.validate_python(request.json))


def test_decisions_requests_and_replies() -> None:
    seen: list[Request] = []

    def plan(request: Request) -> Reply:
        seen.append(request)
        usage = {
            "input_tokens": 5,
            "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 2},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 5,
        }
        answers: list[Any] = []
        for question in request.json["questions"]:
            if question["type"] == "predicate":
                answers.append({"type": "predicate", "name": question["name"], "probability": 0.25})
            else:
                shares = [
                    {"value": item["value"], "probability": share}
                    for item, share in zip(question["choices"], (0.75, 0.25), strict=True)
                ]
                answers.append(
                    {
                        "type": "choice",
                        "name": question["name"],
                        "choice": "K-R",
                        "confidence": 0.75,
                        "probabilities": shares,
                    }
                )
        answers[-1] = answers[-1] if len(answers) == 1 else {"type": "refusal", "name": "judgement"}
        decision = Decision.model_validate({"model": "m", "answers": answers, "usage": usage})
        return json_reply(decision.model_dump(mode="json"))

    async def run() -> None:
        async with serving(plan) as endpoint:
            ruleset = make_ruleset("apology", "judgement", policy=POLICY)
            grader = await make_grader(endpoint.base_url, ruleset=ruleset, mode=Mode.DECISIONS)
            answers = await grader.answer(transcript(), ["apology", "judgement"])
            guess = await grader.classify(transcript())
            await grader.close()
            assert answers["apology"].probability == 0.25
            assert answers["judgement"].error is not None
            assert (guess.response_class, guess.probability, guess.category) == (
                "refuse",
                0.75,
                "K-R",
            )

    asyncio.run(run())
    validator = strict(DecisionCreateParams)
    assert len(seen) == 2
    for request in seen:
        lists(validator.validate_python(request.json))
