"""Every failure of an endpoint, with the message that a user sees."""

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from endpoint_helpers import FAST, KEY, make_grader, make_ruleset, transcript
from servers.fault_endpoint import (
    FaultEndpoint,
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
from rbrctl.graders.endpoint.client import RetryPolicy
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.opening import open_client
from rbrctl.graders.modes import Mode
from rbrctl.records.models import Answer

ANSWERED = json_reply(yes())


def ask(plan: Plan, mode: Mode = Mode.LOGPROBS, **options: Any) -> tuple[Answer, FaultEndpoint]:
    """Ask one proposition of an endpoint that follows a plan after the probe's questions."""

    async def run() -> tuple[Answer, FaultEndpoint]:
        ready = False

        def staged(request: Request) -> Any:
            return plan(request) if ready else json_reply(probed(mode))

        async with serving(staged) as endpoint:
            grader = await make_grader(endpoint.base_url, mode=mode, **options)
            ready = True
            endpoint.requests.clear()
            try:
                answers = await grader.answer(transcript(), ["apology"])
            finally:
                await grader.close()
            return answers["apology"], endpoint

    return asyncio.run(run())


def probed(mode: Mode) -> Any:
    return chat('{"answer": "yes"}') if mode is Mode.SCHEMA else yes()


def always(reply: Reply) -> Plan:
    return lambda request: reply


def once(reply: Reply, then: Reply = ANSWERED) -> Plan:
    return lambda request: then if request.number else reply


@pytest.mark.parametrize(
    "fault",
    [
        Reply("429 Too Many Requests", b"{}"),
        Reply("429 Too Many Requests", b"{}", {"Retry-After": "0"}),
        Reply("429 Too Many Requests", b"{}", {"retry-after-ms": "20"}),
        Reply("500 Internal Server Error", b"oops", content_type="text/plain"),
        Reply("503 Service Unavailable"),
        Reply("529 Overloaded"),
        Reply("408 Request Timeout"),
        Reply(cut_at=0, body=b"{}"),
        Reply(cut_at=30, body=b"{}"),
        Reply(cut_at=200, body=ANSWERED.body),
        Reply(body=ANSWERED.body[:40]),
        Reply(body=b"<html>Bad gateway</html>", content_type="text/html"),
        Reply(raw=b"garbage\r\n\r\n"),
        json_reply({"error": {"message": "overloaded", "code": 503}}),
        json_reply({"error": "try again"}),
    ],
    ids=lambda reply: reply.status + str(len(reply.body)),
)
def test_what_may_pass_is_tried_again(fault: Reply) -> None:
    answer, endpoint = ask(once(fault))
    assert answer.probability == pytest.approx(0.8)
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Reply("500 X", b"boom"), "status 500: boom (after 4 tries)"),
        (Reply("429 X"), "status 429 (after 10 tries)"),
        (
            Reply("429 X", b"", {"Retry-After": "3600"}),
            "status 429; it asks to wait 3,600 s, longer",
        ),
        (Reply(cut_at=0), "the server closed the connection unanswered (after 4 tries)"),
        (Reply(cut_at=30, body=b"{}"), "the connection ended in the middle of a reply (after 4"),
        (Reply(body=b"nope"), "the reply cannot be read: it is not JSON"),
        (Reply(body=b"[1]"), "the reply cannot be read: it is a JSON list, not an object"),
        (Reply(body=b"[" * 100_000), "the reply cannot be read: it is nested too deep"),
        (Reply(body=b"\xff\xfe"), "the reply cannot be read: it is not UTF-8"),
        (Reply(body=b"<p>", content_type="text/html"), "text/html; it begins '<p>'"),
        (Reply(delay=0.6, body=b"{}"), "no whole reply within 0.15 s (after 4 tries)"),
        (Reply(body=b"a" * 60, drip=0.02), "no whole reply within 0.15 s (after 4 tries)"),
        (
            json_reply({"error": {"message": "bad"}}),
            "an error with status 200: bad (after 4 tries)",
        ),
        (Reply("400 X", b'{"error": {"message": "too long"}}'), "status 400: too long"),
        (Reply("422 X", b'{"detail": [{"loc": ["body", "n"], "msg": "no"}]}'), "no at body.n"),
        (Reply("400 X", b'{"error": "No connected db."}'), "status 400: No connected db."),
        (
            Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n" + b"a" * 100_000),
            "the server sent a reply of 104,857,600 bytes or more, where 4,194,304 are the most",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_stays_wrong_is_an_error_of_this_answer(fault: Reply, message: str) -> None:
    policy = RetryPolicy(retries=3, base=0.002, longest=0.004, rate_factor=3)
    answer, _ = ask(always(fault), timeout=0.15, retry=policy)
    assert answer.probability is None
    assert answer.error is not None
    assert message in answer.error


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (chat("Yes"), "no token probabilities though they were asked for"),
        (chat("Yes", []), "the reply has no token probabilities"),
        (chat("The", [token("The", 0.9, {"The": 0.9, "A": 0.1})]), "neither a plain yes"),
        (chat("Yes", [token("Yes", 1e-3, {"The": 0.9, "A": 0.09})]), "yes and no together"),
        (chat("Yes", [token("Yes", 0.6, {})]), "no alternatives to the chosen token"),
        (chat("Yes", [{"token": "Yes", "logprob": None}]), "masked token"),
        (chat("yes", [{"token": "yes", "logprob": -9999.0}]), "a mark for a masked token"),
        (chat(None, refusal="I will not judge this."), "the grader's model refused to answer"),
        (chat("", finish="content_filter"), "content filter withheld the answer"),
        ({"choices": []}, "the reply has no choices"),
        ({"choices": math.nan}, "the reply has no choices"),
        ({"choices": [{"message": None}]}, "the reply has no message"),
        ({}, "the reply has no choices"),
    ],
)
def test_a_reply_without_probabilities_is_an_error(reply: Any, message: str) -> None:
    answer, endpoint = ask(always(json_reply(reply)))
    assert answer.probability is None
    assert answer.error is not None
    assert message in answer.error
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("text", "finish", "message"),
    [
        ("Maybe.", "stop", "the reply is neither yes nor no"),
        ("Yes and no.", "stop", "the reply is neither yes nor no"),
        ("", "stop", "no answer: the reply is empty"),
        ("", "length", "the token limit cut it off; raise --max-tokens"),
        ("<think>It might", "length", "the reply ends inside its reasoning; raise --max-tokens"),
    ],
)
def test_an_unreadable_text_is_kept(text: str, finish: str, message: str) -> None:
    answer, _ = ask(always(json_reply(chat(text, finish=finish))), Mode.TEXT)
    assert answer.error is not None
    assert message in answer.error
    assert answer.details.get("raw", "") == text


def test_schema_replies_of_another_shape_are_errors() -> None:
    for text, message in (
        ('{"verdict": "yes"}', "no yes or no under 'answer'"),
        ('{"answer": "perhaps"}', "no yes or no under 'answer'"),
        ("yes", "not what the schema asks"),
        ('{"answer": "yes"', "not what the schema asks"),
    ):
        answer, _ = ask(always(json_reply(chat(text))), Mode.SCHEMA)
        assert answer.error is not None
        assert message in answer.error


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Reply("401 X", b'{"error": {"message": "bad"}}'), "does not take the key"),
        (Reply("401 X", b'{"detail": "Invalid API key"}'), "(status 401: Invalid API key)"),
        (Reply("401 X", b'{"error": "text"}'), "(status 401: text)"),
        (Reply("403 X"), "set the right one in OPENAI_API_KEY or name its variable"),
        (Reply("404 X", b"no"), "does not know this path or model; look at --base-url"),
        (
            Reply("302 Found", headers={"Location": "https://elsewhere.test/v1"}),
            "the endpoint redirects to https://elsewhere.test/v1; redirects are not followed",
        ),
        (Reply("429 X", b'{"error": {"code": "insufficient_quota"}}'), "no quota left"),
        (Reply("402 X"), "no quota left"),
    ],
)
def test_a_hopeless_endpoint_is_one_error(fault: Reply, message: str) -> None:
    endpoint = run_many(always(fault), message, calls=200)
    assert len(endpoint.requests) <= 40


def run_many(plan: Plan, message: str, calls: int) -> FaultEndpoint:
    """Ask about many transcripts at once and expect all to end with one GraderError."""

    async def run() -> FaultEndpoint:
        async with serving(plan) as endpoint:
            grader = await make_grader(endpoint.base_url, mode=Mode.DECISIONS)
            asking = [grader.answer(transcript(f"t {i}"), ["apology"]) for i in range(calls)]
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
            await grader.close()
            errors = {str(outcome) for outcome in outcomes if isinstance(outcome, GraderError)}
            assert len(errors) == 1
            assert message in errors.pop()
            assert KEY.reveal() not in str(outcomes)
            return endpoint

    return asyncio.run(run())


def test_an_endpoint_that_is_down_is_one_error() -> None:
    async def run() -> None:
        async with serving(always(ANSWERED)) as endpoint:
            url = endpoint.base_url
        grader = await make_grader(url, mode=Mode.DECISIONS)
        asking = [grader.answer(transcript(f"t {i}"), ["apology"]) for i in range(300)]
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        await grader.close()
        assert {type(outcome) for outcome in outcomes} == {GraderError}
        assert len({str(outcome) for outcome in outcomes}) == 1
        assert "the endpoint cannot be reached; look at --base-url" in str(outcomes[0])
        assert "Connect call failed" in str(outcomes[0])
        assert grader.usage.calls <= 300 * 4

    asyncio.run(run())


def test_an_engine_that_dies_in_the_middle_stops_the_run() -> None:
    run_many(lambda request: Reply("500 X", b"engine died"), "20 calls failed in a row", 200)


def test_one_transcript_that_is_too_long_stops_nothing() -> None:
    names = [f"p{i}" for i in range(30)]

    def plan(request: Request) -> Reply:
        return Reply("400 X", b"input too long") if len(request.body) > 50_000 else ANSWERED

    async def run() -> None:
        async with serving(plan) as endpoint:
            cache = AnswerCache(None)
            cache.remember(f"probe {endpoint.base_url} fault-1 logprobs", Capabilities().to_json())
            ruleset = make_ruleset(*names)
            grader = await make_grader(endpoint.base_url, cache, ruleset, concurrency=1)
            long = await grader.answer(transcript("word " * 20_000), names)
            short = await grader.answer(transcript(), names)
            await grader.close()
            assert {answer.error for answer in long.values()} == {"status 400: input too long"}
            assert all(answer.error is None for answer in short.values())

    asyncio.run(run())


def test_a_host_that_is_unknown_is_named() -> None:
    async def run() -> None:
        with pytest.raises(GraderError, match=r"the host nowhere\.invalid:80 is not known"):
            await make_grader("http://nowhere.invalid/v1")

    asyncio.run(run())


def test_the_key_is_in_no_message() -> None:
    key = KEY.reveal()
    echo = json.dumps({"error": {"message": f"Incorrect API key: {key}"}}).encode()
    endpoint = run_many(always(Reply("401 X", echo)), "Incorrect API key: ***", calls=3)
    assert endpoint.requests[0].headers["authorization"] == f"Bearer {key}"
    answer, _ = ask(always(Reply("400 X", echo)))
    assert key not in str(answer)


@pytest.mark.parametrize("name", ["Content-Encoding", "Transfer-Encoding", "Content-Type"])
def test_a_key_that_is_echoed_in_small_letters_is_not_shown(name: str) -> None:
    key, body = Secret("SK-Test-ABCDEF99"), b"no JSON"
    echo = f"HTTP/1.1 200 OK\r\n{name}: {key.reveal()}\r\nContent-Length: {len(body)}\r\n\r\n"
    answer, _ = ask(always(Reply(raw=echo.encode() + body, close=True)), key=key)
    assert answer.error is not None
    assert "***" in answer.error
    assert key.reveal().lower() not in answer.error.lower()


def test_half_the_calls_faulty_and_every_answer_is_there_or_an_error() -> None:
    faults: list[Callable[[], Reply]] = [
        lambda: Reply("429 X", b"", {"Retry-After": "0"}),
        lambda: Reply("500 X"),
        lambda: Reply(cut_at=0),
        lambda: Reply(cut_at=120, body=ANSWERED.body),
        lambda: Reply(body=b"{"),
        lambda: json_reply({"error": "x"}),
        lambda: json_reply(chat("Hm", [token("Hm", 0.9, {"Hm": 0.9})])),
        lambda: Reply("400 X", b"bad luck"),
    ]

    def plan(request: Request) -> Reply:
        number = request.number
        return faults[number // 2 % len(faults)]() if number % 2 and number > 4 else ANSWERED

    async def run() -> None:
        async with serving(plan) as endpoint:
            grader = await make_grader(endpoint.base_url, retry=FAST, concurrency=16)
            texts = [transcript(f"text {i}") for i in range(150)]
            for attempt in range(12):
                before = grader.usage.calls
                rows = await asyncio.gather(
                    *(grader.answer(text, ["apology", "judgement"]) for text in texts)
                )
                answers = [answer for row in rows for answer in row.values()]
                assert len(answers) == 300
                assert all((a.probability is None) != (a.error is None) for a in answers)
                failed = [a for a in answers if a.error]
                if not failed:
                    break
                assert attempt or grader.usage.calls - before >= 300
            assert not failed
            before = grader.usage.calls
            await asyncio.gather(*(grader.answer(text, ["apology"]) for text in texts))
            assert grader.usage.calls == before
            await grader.close()

    asyncio.run(run())


def test_a_full_server_is_given_fewer_calls() -> None:
    async def plan(request: Request) -> Reply:
        await asyncio.sleep(0.01)
        full = endpoint.active > 4
        return Reply("429 X", b"", {"retry-after-ms": "5"}) if full else ANSWERED

    async def run() -> None:
        async with serving(plan) as served:
            nonlocal endpoint
            endpoint = served
            policy = RetryPolicy(retries=20, base=0.005, longest=0.05)
            grader = await make_grader(served.base_url, retry=policy, concurrency=32)
            served.most_active = 0
            rows = await asyncio.gather(
                *(grader.answer(transcript(f"t {i}"), ["apology"]) for i in range(120))
            )
            assert all(row["apology"].error is None for row in rows)
            assert grader._client._limiter.limit < 16
            await grader.close()

    endpoint: Any = None
    asyncio.run(run())


def test_a_proxy_is_gone_through() -> None:
    async def run() -> None:
        async with serving(always(ANSWERED)) as proxy:
            grader = await make_grader(
                "http://model.invalid/v1", proxy=f"http://127.0.0.1:{proxy.port}"
            )
            answers = await grader.answer(transcript(), ["apology"])
            await grader.close()
            assert answers["apology"].probability == pytest.approx(0.8)
            assert proxy.requests[0].path == "http://model.invalid/v1/chat/completions"
            assert proxy.requests[0].headers["host"] == "model.invalid"

    asyncio.run(run())


def test_a_client_shows_no_key() -> None:
    async def run() -> None:
        from endpoint_helpers import settings

        chosen = settings("http://127.0.0.1:9/v1")
        client = open_client(chosen)
        assert KEY.reveal() not in repr(chosen)
        assert KEY.reveal() not in f"{KEY} {KEY!r}"
        await client.close()

    asyncio.run(run())
