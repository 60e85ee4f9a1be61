"""The keys of answers in users' caches: paid answers stay valid, misread ones are asked again."""

import asyncio
from typing import Any

import pytest
from endpoint_helpers import NAMES, make_ruleset, settings, transcript
from servers.fault_endpoint import chat, json_reply, serving

from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.graders.endpoint.capabilities import parser_version
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.opening import open_grader
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.forms import Fragments
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import PolicyArea, PolicyCategory

POLICY = (
    PolicyArea(
        "crime",
        "Help with crime.",
        (PolicyCategory("K-R", "Asks how.", "refuse"), PolicyCategory("K-C", "News.", "comply")),
    ),
)
MODES: dict[str, dict[str, Any]] = {
    "logprobs": {"mode": Mode.LOGPROBS},
    "schema": {"mode": Mode.SCHEMA},
    "packed": {"mode": Mode.SCHEMA, "pack": 2},
    "decisions": {"mode": Mode.DECISIONS},
    "systemone": {"mode": Mode.SYSTEMONE},
    "text": {"mode": Mode.TEXT},
    "votes": {"mode": Mode.VOTES, "votes": 3},
}
TRANSCRIPT = "0b0508b03cd7a9bba15a5ad95a7d1797"
"""The first half of every key: the transcript's digest."""
KEPT = {
    "logprobs": ("28a377e5a73b2df8", "ca10df351a482976"),
    "schema": ("612f77cc5589a352", "3691143aa2e30635"),
    "packed": ("f0a39b6536df3c56", "afdbc75a175a8a74"),
    "decisions": ("6595082804dedf79", "dbf1e0edea816709"),
    "systemone": ("a23f5ffe294e5f18", "89eef1e9250f0a16"),
}
"""The second halves as version 0.1 wrote them, for each of the two propositions."""
MISREAD = {
    "text": ("64178e741b5fb3e9", "8c6be06571f0eb79"),
    "votes": ("123b54d17ab33d1e", "f8acb4fa0eb1eb24"),
}
"""The same of answers from plain text, which version 0.1 could read as their opposite."""
CLASSES = {
    "logprobs": "11068a2d9c5976a8",
    "schema": "348a80187aae8fa8",
    "text": "e275e49d0bccca48",
    "votes": "36bda6be18904e3e",
    "decisions": "fd85651e7c4a7090",
    "systemone": "8e6cd866b8d9532e",
}
"""The second half of the key of a request's response class."""


async def opened(mode: str, url: str = "http://x.invalid/v1") -> EndpointGrader:
    return await open_grader(
        make_ruleset(policy=POLICY), settings(url, **MODES[mode]), AnswerCache(None), offline=True
    )


def keys_of(mode: str) -> tuple[list[str], str]:
    """Return the keys of both propositions and of the response class."""

    async def run() -> tuple[list[str], str]:
        grader = await opened(mode)
        fragments = Fragments(transcript())
        keys = grader._keys(fragments, NAMES, 0)
        question: Any = grader._classifier
        await grader.close()
        return [keys[name].hex() for name in NAMES], (
            fragments.digest + question._question_key
        ).hex()

    return asyncio.run(run())


@pytest.mark.parametrize("mode", KEPT)
def test_answers_of_version_0_1_stay_valid(mode: str) -> None:
    assert keys_of(mode)[0] == [TRANSCRIPT + half for half in KEPT[mode]]


@pytest.mark.parametrize("mode", MISREAD)
def test_answers_that_0_1_read_from_plain_text_are_asked_again(mode: str) -> None:
    keys = keys_of(mode)[0]
    assert all(key.startswith(TRANSCRIPT) for key in keys)
    assert not set(keys) & {TRANSCRIPT + half for half in MISREAD[mode]}


@pytest.mark.parametrize("mode", CLASSES)
def test_response_classes_of_0_1_stay_valid(mode: str) -> None:
    assert keys_of(mode)[1] == TRANSCRIPT + CLASSES[mode]


def test_a_misread_answer_in_the_cache_is_replaced_by_a_call() -> None:
    async def run() -> None:
        async with serving(lambda request: json_reply(chat("No"))) as endpoint:
            cache = AnswerCache(None)
            chosen = settings(endpoint.base_url, mode=Mode.TEXT)
            grader = await open_grader(make_ruleset(), chosen, cache, offline=True)
            old = Origin(endpoint.base_url, chosen.model, "text")
            misread = Answer(1.0, "text")
            stale = bytes.fromhex(TRANSCRIPT + MISREAD["text"][0])
            await cache.put({stale: misread}, old)
            answers = await grader.answer(transcript(), ["apology"])
            assert answers["apology"].probability == 0.0
            assert len(endpoint.requests) == 1
            await grader.close()

    asyncio.run(run())


def test_the_modes_that_read_plain_text_have_a_version_of_their_own() -> None:
    versions = {mode: parser_version(mode.value) for mode in Mode if mode is not Mode.AUTO}
    assert {mode for mode, version in versions.items() if version == 2} == {
        Mode.TEXT,
        Mode.VOTES,
    }
