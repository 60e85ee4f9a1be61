"""What a probe finds out about a server, and how the grader asks after it."""

import asyncio
from typing import Any

import pytest
from endpoint_helpers import ask, decisions, make_grader, settings, transcript
from servers.fault_endpoint import (
    Plan,
    Reply,
    Request,
    chat,
    json_reply,
    serving,
    token,
    yes,
)

from rbrctl.errors import GraderError
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.opening import open_client
from rbrctl.graders.endpoint.probe import ProbeReport, probe
from rbrctl.graders.modes import Mode


def probing(plan: Plan, mode: Mode = Mode.AUTO, **options: Any) -> ProbeReport:
    async def run() -> ProbeReport:
        async with serving(plan) as endpoint:
            chosen = settings(endpoint.base_url, mode=mode, **options)
            client = open_client(chosen)
            try:
                return await probe(chosen, client)
            finally:
                await client.close()

    return asyncio.run(run())


def only(path: str, answer: Plan) -> Plan:
    return lambda request: answer(request) if request.path == path else Reply("404 Not Found")


def chat_only(answer: Plan) -> Plan:
    return only("/v1/chat/completions", answer)


def test_auto_takes_the_best_that_works() -> None:
    assert probing(only("/v1/decisions", decisions)).capabilities.mode is Mode.DECISIONS
    noul = {"answers": {"names_a_city": {"noul": 0.9}, "apologises": {"noul": 0.1}}}
    report = probing(only("/v1/systemone", lambda request: json_reply(noul)))
    assert report.capabilities.mode is Mode.SYSTEMONE
    report = probing(chat_only(lambda request: json_reply(yes())))
    assert report.capabilities.mode is Mode.LOGPROBS
    assert [(step.mode, step.works) for step in report.steps] == [
        (Mode.DECISIONS, False),
        (Mode.SYSTEMONE, False),
        (Mode.LOGPROBS, True),
    ]
    assert "2 alternatives a token; yes has 0.80" in report.steps[-1].detail
    assert report.calls == 3


def test_auto_falls_back_to_schema_and_then_text() -> None:
    def schema(request: Request) -> Reply:
        return json_reply(chat('{"answer": "yes"}' if "response_format" in request.json else "Yes"))

    assert probing(chat_only(schema)).capabilities.mode is Mode.SCHEMA
    report = probing(chat_only(lambda request: json_reply(chat("Yes"))))
    assert report.capabilities.mode is Mode.TEXT
    assert "no token probabilities though they were asked for" in report.steps[2].detail


def test_a_model_that_answers_neither_yes_nor_no_is_told_from_one_that_misses_one() -> None:
    report = probing(chat_only(lambda request: json_reply(chat("The capital is a city."))))
    assert (report.capabilities.mode, report.capabilities.unsure) == (Mode.TEXT, True)
    assert not any(step.works for step in report.steps)
    assert "of two easy questions neither was answered" in report.steps[-1].detail
    assert Capabilities.from_json(report.capabilities.to_json()).unsure

    def misses_one(request: Request) -> Reply:
        return json_reply(chat("No." if b"an apology" in request.body else "Paris."))

    report = probing(chat_only(misses_one))
    assert (report.capabilities.mode, report.capabilities.unsure) == (Mode.TEXT, False)
    assert report.steps[-1].works
    assert "a plain answer: no" in report.steps[-1].detail


def test_another_mode_is_better_than_token_probabilities_of_other_words() -> None:
    def plan(request: Request) -> Reply:
        words = token("The", 0.9, {"The": 0.9, "A": 0.1})
        said = '{"answer": "yes"}' if takes_schema and "response_format" in request.json else "The"
        return json_reply(chat(said, [words]))

    for takes_schema, mode in ((True, Mode.SCHEMA), (False, Mode.LOGPROBS)):
        report = probing(chat_only(plan))
        assert (report.capabilities.mode, report.capabilities.unsure) == (mode, not takes_schema)


def refusing(*fields: str, message: str) -> Plan:
    def plan(request: Request) -> Reply:
        named = [field for field in fields if field in request.json]
        if named:
            error = {"error": {"message": message.format(named[0])}}
            return json_reply(error, status="400 Bad Request")
        return json_reply(yes())

    return chat_only(plan)


def test_a_probe_drops_what_a_server_refuses() -> None:
    report = probing(refusing("max_tokens", message="Unsupported parameter: '{0}'"))
    assert report.capabilities.token_fields == ("max_completion_tokens",)
    report = probing(
        refusing("max_completion_tokens", message="{0}: extra fields are not permitted")
    )
    assert report.capabilities.token_fields == ("max_tokens",)
    report = probing(refusing("temperature", message="'{0}' does not support 0 with this model"))
    assert report.capabilities.temperature is False


def test_a_probe_asks_for_fewer_alternatives() -> None:
    def plan(request: Request) -> Reply:
        if request.json.get("top_logprobs", 0) > 5:
            return json_reply({"error": "top_logprobs must be at most 5"}, status="400 Bad")
        return json_reply(yes())

    assert probing(chat_only(plan)).capabilities.top_logprobs == 5


def test_a_model_without_a_system_turn_is_told_its_task_all_the_same() -> None:
    def plan(request: Request) -> Reply:
        roles = [message["role"] for message in request.json["messages"]]
        if "system" in roles:
            return json_reply({"error": "System role not supported"}, status="400 Bad")
        assert "material to judge" in request.json["messages"][0]["content"]
        return json_reply(yes())

    report = probing(chat_only(plan))
    assert report.capabilities.mode is Mode.LOGPROBS
    assert "it has no system turn" in report.steps[-1].detail
    answers, _, _ = ask(plan, Mode.LOGPROBS)
    assert answers["apology"].probability == pytest.approx(0.8)


def test_a_reasoning_model_is_not_capped() -> None:
    def plan(request: Request) -> Reply:
        if "max_tokens" in request.json:
            return json_reply(chat("", finish="length"))
        content = yes()["choices"][0]["logprobs"]["content"]
        return json_reply(chat("Yes", content, reasoning_content="Let me see."))

    report = probing(chat_only(plan))
    assert report.capabilities.reasoning
    assert "its output is not capped" in report.steps[-1].detail


def test_masked_token_probabilities_are_no_mode() -> None:
    entry = token("Yes", 0.9, {"Yes": 0.9, "No": 0.1}) | {"logprob": -9999.0}
    report = probing(chat_only(lambda request: json_reply(chat("Yes", [entry]))))
    assert report.capabilities.mode is Mode.TEXT


def thinking(*verdict: Any) -> Any:
    """Build a reply of a model that is certain of its first tokens: they have one alternative."""
    marks = ("<|channel|>", "analysis", "<|message|>", "say", " no", "<|end|>")
    certain = [token(text, 1.0, {text: 1.0}) for text in marks]
    return chat("Yes", [*certain, *verdict], reasoning_content="say no")


def test_token_probabilities_are_judged_at_the_verdict_and_not_at_the_first_token() -> None:
    verdict = token("Yes", 0.75, {"Yes": 0.75, "No": 0.2, "The": 0.05})
    report = probing(chat_only(lambda request: json_reply(thinking(verdict))))
    assert report.capabilities.mode is Mode.LOGPROBS
    assert "3 alternatives a token; yes has 0.79 of a mass of 0.95" in report.steps[-1].detail


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ([token("Yes", 1.0, {"Yes": 1.0})], "with 1 alternatives, too few to compare"),
        (
            [token("\n", 0.9, {"\n": 0.9, " ": 0.1}), token("Yes", 1.0, {"Yes": 1.0})],
            "the verdict's token has 1 alternatives, too few to compare",
        ),
        (
            [token("\n", 0.9, {"\n": 0.9, " ": 0.1}), token("Yes", 0.5, {"Yes": 0.5})],
            "lists no alternatives to the chosen token",
        ),
        ([], "no token probabilities though they were asked for"),
        ("Yes", "no token probabilities though they were asked for"),
        ([None], "no token probabilities though they were asked for"),
    ],
)
def test_a_server_without_alternatives_at_the_verdict_has_no_such_mode(
    content: Any, seen: str
) -> None:
    report = probing(chat_only(lambda request: json_reply(chat("Yes", content))))
    assert report.capabilities.mode is Mode.TEXT
    assert seen in next(step.detail for step in report.steps if step.mode is Mode.LOGPROBS)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("401 X"), "the endpoint does not take the key"),
        (Reply("404 X"), "no mode works"),
        (Reply("400 X", b'{"error": "No connected db."}'), "No connected db."),
        (Reply("302 X"), "redirects"),
    ],
)
def test_a_probe_that_finds_nothing_says_what_it_saw(reply: Reply, message: str) -> None:
    with pytest.raises(GraderError, match=message):
        probing(lambda request: reply)


def test_a_probe_is_made_once_and_remembered(tmp_path: Any) -> None:
    async def run() -> None:
        async with serving(chat_only(lambda request: json_reply(yes()))) as endpoint:
            for expected in (4, 0):
                endpoint.requests.clear()
                cache = AnswerCache(tmp_path / "cache.sqlite")
                grader = await make_grader(endpoint.base_url, cache, mode=Mode.AUTO)
                await grader.answer(transcript(), ["apology"])
                await grader.close()
                assert len(endpoint.requests) == expected
                assert grader.identity.mode == "logprobs"

    asyncio.run(run())


def test_a_limit_found_in_the_middle_of_a_run_holds_for_the_next_one(tmp_path: Any) -> None:
    asked: list[int] = []
    most = 20

    def plan(request: Request) -> Reply:
        asked.append(request.json["top_logprobs"])
        if asked[-1] > most:
            error = {"error": {"message": f"top_logprobs must be at most {most}"}}
            return json_reply(error, status="400 Bad Request")
        return json_reply(yes())

    async def run(text: str) -> int:
        cache = AnswerCache(tmp_path / "cache.sqlite")
        grader = await make_grader(endpoint.base_url, cache)
        asked.clear()
        await grader.answer(transcript("paid for already"), ["apology"])
        answers = await grader.answer(transcript(text), ["apology"])
        assert answers["apology"].probability == pytest.approx(0.8)
        hits = grader.usage.cache_hits
        await grader.close()
        return hits

    async def runs() -> None:
        nonlocal endpoint, most
        async with serving(plan) as endpoint:
            assert (await run("first"), asked) == (0, [20, 20])
            most = 5
            assert (await run("second"), asked) == (1, [20, 5])
            assert (await run("third"), asked) == (1, [5])

    endpoint: Any = None
    asyncio.run(runs())
