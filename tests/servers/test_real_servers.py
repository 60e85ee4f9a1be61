"""The grader against real servers on loopback; real_servers.py starts them and names them here."""

import asyncio
import json
import os
from collections.abc import Collection, Mapping

import pytest
from endpoint_helpers import make_ruleset, settings, transcript

from rbrctl.errors import GraderError
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.opening import open_client, open_grader
from rbrctl.graders.endpoint.probe import ProbeReport, probe
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.modes import Mode
from rbrctl.records.models import Answer
from rbrctl.ruleset.model import PolicyArea, PolicyCategory

SERVERS: Mapping[str, Mapping[str, str]] = json.loads(os.environ.get("RBRCTL_SERVERS", "{}"))
NAMES = ["apology", "judgement", "advice"]
POLICY = (
    PolicyArea(
        "crime",
        "Help with crime.",
        (PolicyCategory("K-R", "Asks how.", "refuse"), PolicyCategory("K-C", "News.", "comply")),
    ),
)


def server(name: str) -> Mapping[str, str]:
    if name not in SERVERS:
        pytest.skip(f"needs {name}: run python tests/servers/real_servers.py {name}")
    return SERVERS[name]


def chosen(name: str, mode: Mode) -> EndpointSettings:
    at = server(name)
    return settings(at["base_url"], at["model"], mode=mode, timeout=120.0, concurrency=2)


async def opened(name: str, mode: Mode) -> EndpointGrader:
    ruleset = make_ruleset(*NAMES, policy=POLICY)
    return await open_grader(ruleset, chosen(name, mode), AnswerCache(None))


def ask(name: str, mode: Mode, names: Collection[str] = NAMES) -> Mapping[str, Answer]:
    async def run() -> Mapping[str, Answer]:
        grader = await opened(name, mode)
        try:
            return await grader.answer(transcript("Sorry, I cannot help with that."), names)
        finally:
            await grader.close()

    return asyncio.run(run())


def probed(name: str, mode: Mode = Mode.AUTO) -> ProbeReport:
    async def run() -> ProbeReport:
        client = open_client(chosen(name, mode))
        try:
            return await probe(chosen(name, mode), client)
        finally:
            await client.close()

    return asyncio.run(run())


def test_transformers_speaks_systemone() -> None:
    assert probed("transformers").capabilities.mode is Mode.SYSTEMONE
    answers = ask("transformers", Mode.SYSTEMONE)
    assert all(answer.error is None for answer in answers.values()), answers
    assert len({answer.probability for answer in answers.values()}) > 1


def test_transformers_classifies_by_choice() -> None:
    async def run() -> None:
        grader = await opened("transformers", Mode.SYSTEMONE)
        guess = await grader.classify(transcript())
        await grader.close()
        assert guess.error is None
        assert guess.response_class in {"refuse", "comply"}
        assert guess.probability is not None

    asyncio.run(run())


def test_transformers_gives_no_token_probabilities() -> None:
    answers = ask("transformers", Mode.TEXT)
    assert all(answer.probability in {0.0, 1.0} for answer in answers.values()), answers


@pytest.mark.parametrize("name", ["llama", "litellm"])
def test_chat_servers_give_token_probabilities(name: str) -> None:
    report = probed(name)
    assert report.capabilities.mode is Mode.LOGPROBS, report.steps
    answers = ask(name, Mode.LOGPROBS)
    for answer in answers.values():
        assert answer.error is None
        assert answer.probability is not None
        assert 0.0 < answer.probability < 1.0
        assert answer.details["mass"] > 0.5


def test_a_wrong_key_is_one_error() -> None:
    async def run() -> None:
        at = server("litellm")
        wrong = settings(at["base_url"], at["model"], mode=Mode.AUTO, key=Secret("sk-wrong-key"))
        with pytest.raises(GraderError) as caught:
            await open_grader(make_ruleset(*NAMES), wrong, AnswerCache(None))
        assert "sk-wrong-key" not in str(caught.value)
        print(caught.value)

    asyncio.run(run())


def test_a_proxy_in_front_changes_no_probability() -> None:
    straight, through = ask("llama", Mode.LOGPROBS), ask("litellm", Mode.LOGPROBS)
    for name, answer in straight.items():
        assert answer.probability == pytest.approx(through[name].probability, abs=1e-3)
