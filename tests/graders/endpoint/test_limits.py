"""Concurrency, pace, rate headers, addresses and headers."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.address import parse_address
from rbrctl.graders.endpoint.http.direct import request_headers
from rbrctl.graders.endpoint.http.rate_headers import duration, exhausted_for, retry_after
from rbrctl.graders.endpoint.http.secrets import Secret, scrub
from rbrctl.graders.endpoint.limiter import AdaptiveLimiter, RateLimiter
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.endpoint.usage import Budget, Usage
from rbrctl.graders.modes import Mode


def test_the_limiter_grows_and_halves() -> None:
    async def run() -> None:
        limiter = AdaptiveLimiter(100, start=4)
        for _ in range(8):
            limiter.succeeded()
        assert limiter.limit == 12
        now = asyncio.get_running_loop().time()
        limiter.pushed_back(now)
        assert limiter.limit == 6
        limiter.pushed_back(now - 1)
        assert limiter.limit == 6
        for _ in range(6):
            limiter.succeeded()
        assert limiter.limit in {6, 7}
        for _ in range(20):
            await asyncio.sleep(0.001)
            limiter.pushed_back(asyncio.get_running_loop().time())
        assert limiter.limit == 1

    asyncio.run(run())


def test_the_limiter_bounds_and_survives_cancelling() -> None:
    async def run() -> None:
        limiter = AdaptiveLimiter(3)
        peak = 0

        async def work() -> None:
            nonlocal peak
            await limiter.acquire()
            try:
                peak = max(peak, limiter.active)
                await asyncio.sleep(0.001)
            finally:
                limiter.release()

        tasks = [asyncio.create_task(work()) for _ in range(40)]
        await asyncio.sleep(0.002)
        for task in tasks[5:30:2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert peak == 3
        assert limiter.active == 0
        await asyncio.wait_for(work(), 1)

    asyncio.run(run())


def test_a_further_try_comes_before_what_waits() -> None:
    async def run() -> list[str]:
        limiter = AdaptiveLimiter(1)
        order: list[str] = []

        async def work(name: str, urgent: bool) -> None:
            await limiter.acquire(urgent=urgent)
            order.append(name)
            await asyncio.sleep(0)
            limiter.release()

        await limiter.acquire()
        tasks = [asyncio.create_task(work(name, name == "retry")) for name in ("a", "b", "retry")]
        await asyncio.sleep(0)
        limiter.release()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["retry", "a", "b"]


def test_a_pause_holds_everyone_and_ends() -> None:
    async def run() -> None:
        limiter = AdaptiveLimiter(3)
        limiter.pause(0.05)
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.gather(limiter.acquire(), limiter.acquire())
        assert 0.045 < loop.time() - start < 1.0

    asyncio.run(run())


def test_the_pace_spreads_over_a_minute() -> None:
    async def run() -> float:
        pace = RateLimiter(60 * 1000)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for _ in range(1100):
            await pace.take()
        return loop.time() - start

    assert 0.09 < asyncio.run(run()) < 1.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_reads_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(headers) == expected


def test_reads_retry_after_as_a_date() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": moment}) == pytest.approx(90, abs=2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("120ms", 0.12),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("20", 20.0),
        ("", None),
        ("x", None),
        ("1d", None),
        ("ms", None),
    ],
)
def test_reads_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


def test_an_exhausted_allowance_is_waited_for() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-remaining-tokens": "5",
        "x-ratelimit-reset-tokens": "6m",
    }
    assert exhausted_for(headers) == 0.12
    assert exhausted_for({}) == 0.0


def test_takes_addresses_apart() -> None:
    address = parse_address("https://api.example.com/v1/")
    assert (address.authority, address.target("/chat")) == ("api.example.com", "/v1/chat")
    assert str(parse_address("http://[::1]:8000/v1")) == "http://[::1]:8000/v1"
    azure = parse_address("https://x.test/openai/deployments/y?api-version=1")
    assert azure.target("/chat") == "/openai/deployments/y/chat?api-version=1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "ftp://x/v1",
        "http://",
        "http://a b/",
        "http://x:99999/",
        "https://user:sk-secret@x/v1",
        "http://x/\r\nEvil: 1",
        "http://ünï.test/",
    ],
)
def test_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="--base-url") as caught:
        parse_address(url)
    assert "sk-secret" not in str(caught.value)


def test_a_header_cannot_break_out_and_is_not_shown() -> None:
    address = parse_address("http://x/v1")
    for value in ("Bearer sk-1\r\nEvil: 1", "Bearer sk-1\x00", "Bearer sk–1"):
        with pytest.raises(UsageError, match="the value of header 'Authorization'") as caught:
            request_headers(address, {"Authorization": value})
        assert "sk" not in str(caught.value)
    with pytest.raises(UsageError, match="not the name of a header"):
        request_headers(address, {"A b": "x"})


def test_a_secret_is_scrubbed_from_texts() -> None:
    assert scrub("key sk-12345 is bad", [Secret(" sk-12345\n")]) == "key *** is bad"
    with pytest.raises(TypeError, match="pickled"):
        Secret("x").__reduce__()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": " "}, "needs the name of a model"),
        ({"concurrency": 0}, "--concurrency must be from 1"),
        ({"timeout": 0.0}, "--timeout must be more than 0"),
        ({"requests_per_minute": -1.0}, "--rpm must be more than 0"),
        ({"pack": 3}, "need --mode schema"),
        ({"layout": "random"}, "--layout is auto"),
        ({"budget": Budget(cost=1.0)}, "--max-cost needs a price"),
    ],
)
def test_settings_that_cannot_be_meant(options: dict[str, object], message: str) -> None:
    values = {"base_url": "http://x/v1", "model": "m", "mode": Mode.LOGPROBS} | options
    with pytest.raises(UsageError, match=message):
        EndpointSettings(**values)  # type: ignore[arg-type]


def test_usage_reads_both_shapes_and_no_nonsense() -> None:
    usage = Usage()
    usage.add_reply({"prompt_tokens": 5, "completion_tokens": 2})
    usage.add_reply({"input_tokens": 7, "input_tokens_details": {"cached_tokens": 3}})
    usage.add_reply({"prompt_tokens": -5, "completion_tokens": "many", "input_tokens": True})
    usage.add_reply(None)
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (12, 2, 3)
    assert usage.summary()["cost"] is None
