"""What the service tells of itself."""

import asyncio
import json
import logging
from collections.abc import Collection, Mapping
from typing import Any

import httpx
import pytest
from reward_helpers import WEIGHTS, WordGrader, small_rules, with_policy
from servers.reward_process import ONE, Server

from rbrctl.records.models import Answer, Transcript
from rbrctl.rewards.function import RewardFunction
from rbrctl.rewards.jobs import JobMaker
from rbrctl.rewards.scorer import Scorer
from rbrctl.rewards.serving.application import Application
from rbrctl.rewards.serving.metrics import Metrics, metrics_text
from rbrctl.rewards.serving.scrubbed_logs import scrubbed_logs
from rbrctl.rewards.serving.service import Service
from rbrctl.rewards.serving.settings import Limits
from rbrctl.ruleset.verdict import Judge
from rbrctl.scrubbing import Scrubber

KEY, TOKEN = "sk-test-0123456789", "a-token-of-sixteen-or-more"
BODY = b'{"prompt": "p", "completion": "kind", "response_class": "c"}'


class FaultyGrader(WordGrader):
    """Has a fault of its own."""

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        raise ZeroDivisionError


HEADERS = [(b"host", b"localhost"), (b"content-type", b"application/json")]


def ask(application: Application, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": HEADERS}
    asyncio.run(application(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def service(grader: WordGrader, **settings: Any) -> Service:
    function = RewardFunction(Judge(with_policy(small_rules())), WEIGHTS)
    return Service(Scorer(function, grader), JobMaker(function), Limits(), **settings)


def test_health_and_metrics(server: Server) -> None:
    pytest.importorskip("uvicorn", reason="needs the extra 'serve'")
    assert httpx.get(server.address + "/healthz").text == "ok\n"
    server.post("/reward", ONE)
    page = httpx.get(server.address + "/metrics")
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'rbrctl_reward_requests_total{path="/reward",status="200"}' in page.text
    assert "rbrctl_reward_cached_total" in page.text
    assert 'rbrctl_reward_request_seconds_bucket{le="+Inf"}' in page.text


def test_counts_are_written_whole() -> None:
    page = metrics_text(Metrics(), {"many": ("counter", "Many.", 1_234_567)})
    assert page.endswith("# HELP many Many.\n# TYPE many counter\nmany 1234567\n")


def test_a_fault_of_ours_is_answered_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    faulty = service(FaultyGrader())
    status, content = ask(Application(faulty), "POST", "/reward", BODY)
    assert (status, b"its log says how" in content) == (500, True)
    assert faulty.metrics.requests == {("/reward", 500): 1}
    assert "ZeroDivisionError" in caplog.text


class LeakingGrader(FaultyGrader):
    """Fails with an error that names the key, as a library's error may."""

    async def answer(self, transcript: Any, propositions: Any) -> Any:
        raise ZeroDivisionError(f"refused with {KEY} for {TOKEN}")


def test_the_log_shows_neither_the_token_nor_the_graders_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scrubber = Scrubber([KEY, TOKEN])
    with scrubbed_logs(scrubber.text):
        status, _ = ask(Application(service(LeakingGrader())), "POST", "/reward", BODY)
        logging.getLogger("uvicorn.error").error("a request of %s", TOKEN)
        logging.getLogger("uvicorn.access").warning('"GET /?token=%s"', KEY)
    assert status == 500
    assert "ZeroDivisionError: refused with *** for ***" in caplog.text
    assert caplog.text.count("***") == 4
    assert KEY not in caplog.text
    assert TOKEN not in caplog.text
    logging.getLogger("uvicorn.error").error("%s", TOKEN)
    assert TOKEN in caplog.text, "the scrubbing ends with the block"


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/reward", ("/reward", 405)),
        ("POST", "/metrics", ("/metrics", 405)),
        ("GET", "/made/up", ("other", 404)),
        ("HEAD", "/healthz", ("/healthz", 200)),
    ],
)
def test_requests_of_every_kind_are_counted(
    method: str, path: str, counted: tuple[str, int]
) -> None:
    asked = service(WordGrader())
    assert ask(Application(asked), method, path)[0] == counted[1]
    assert asked.metrics.requests == {counted: 1}


def test_a_stopped_grader_is_no_health() -> None:
    asked = service(WordGrader(), has_stopped=lambda: True)
    assert ask(Application(asked), "GET", "/healthz") == (503, b"the grader has stopped\n")
    assert "\nrbrctl_reward_grader_stopped 1\n" in asked.metrics_page()


def test_a_request_that_comes_again_is_read_once() -> None:
    made: list[object] = []
    function = RewardFunction(Judge(small_rules()), WEIGHTS)

    class CountingMaker(JobMaker):
        def __call__(self, *arguments: Any, **named: Any) -> Any:
            made.append(arguments)
            return super().__call__(*arguments, **named)

    asked = Service(Scorer(function, WordGrader()), CountingMaker(function), Limits())

    async def main() -> list[Any]:
        return [await asked.reward(BODY) for _ in range(3)]

    assert asyncio.run(main()) == [{"reward": 2.5}] * 3
    assert len(made) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/reward", {"prompt": "p", "completion": "kind", "category": "greeting"}),
        ("/reward", {"prompts": ["p"], "completions": ["kind"], "categories": ["greeting"]}),
        ("/reward", {"prompts": ["p"], "completions": ["kind"], "categories": "greeting"}),
        ("/get_reward", {"query": ["p kind"], "prompts": ["p"], "labels": ["greeting"]}),
        (
            "/get_reward",
            {"query": ["p kind"], "prompts": ["p"], "labels": [{"category": "greeting"}]},
        ),
    ],
)
def test_a_category_of_the_policy_gives_the_class(path: str, body: dict[str, Any]) -> None:
    application = Application(service(WordGrader()))
    status, content = ask(application, "POST", path, json.dumps(body).encode())
    assert status == 200
    assert b"2.5" in content
    wrong = json.dumps(body).replace("greeting", "typo").encode()
    assert ask(application, "POST", path, wrong)[0] == 422
