"""What is remembered of an endpoint: read back as it was, or not at all."""

import asyncio
from typing import Any

import pytest
from endpoint_helpers import make_grader, settings, transcript
from servers.fault_endpoint import json_reply, serving, yes

from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.modes import Mode


def test_what_was_found_is_read_back() -> None:
    known = Capabilities(Mode.TEXT, ("max_tokens",), 10, 5, seed=False, unsure=True)
    assert Capabilities.from_json(known.to_json()) == known
    assert known.asked_top_logprobs == 5
    assert Capabilities(top_logprobs=10).asked_top_logprobs == 10


def test_a_note_of_version_0_1_is_read() -> None:
    note = {
        "mode": "logprobs",
        "token_fields": ["max_completion_tokens", "max_tokens"],
        "top_logprobs": 10,
        "temperature": True,
        "seed": True,
        "system_role": True,
        "reasoning": False,
        "unsure": False,
        "max_questions": 0,
    }
    known = Capabilities.from_json(note)
    assert (known.mode, known.top_logprobs, known.asked_top_logprobs) == (Mode.LOGPROBS, 10, 10)


HOSTILE: list[dict[str, Any]] = [
    {"mode": "mind-reading"},
    {"mode": None},
    {"mode": ["logprobs"]},
    {"token_fields": ["stop"]},
    {"token_fields": "max_tokens"},
    {"token_fields": [["max_tokens"]]},
    {"top_logprobs": 0},
    {"top_logprobs": 21},
    {"top_logprobs": 10**400},
    {"top_logprobs": True},
    {"top_logprobs": 5.0},
    {"allowed_top_logprobs": -1},
    {"allowed_top_logprobs": 99},
    {"allowed_top_logprobs": "5"},
    {"max_questions": -1},
    {"max_questions": 5000},
    {"temperature": 1},
    {"unsure": None},
    {"further": 1},
]


@pytest.mark.parametrize("change", HOSTILE, ids=str)
def test_a_note_with_a_value_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Capabilities.from_json(Capabilities().to_json() | change)


@pytest.mark.parametrize("note", [[], "x", 7, {}, {"mode": "text", "further": 1}, [["mode", 1]]])
def test_a_hostile_note_is_as_if_the_endpoint_had_not_been_probed(note: Any) -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(yes())) as endpoint:
            cache = AnswerCache(None)
            chosen = settings(endpoint.base_url)
            cache.remember(f"probe {chosen.where} {chosen.model} logprobs", note)
            cache.remember(f"layout {chosen.where} {chosen.model} small", note)
            grader = await make_grader(endpoint.base_url, cache)
            assert len(endpoint.requests) == 1
            answers = await grader.answer(transcript(), ["apology"])
            assert answers["apology"].probability == pytest.approx(0.8)
            await grader.close()

    asyncio.run(run())
