"""The service over real sockets, in a process of its own."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from servers.reward_process import ENVIRONMENT, KIND, ONE, PROGRAM, RUDE, Server, wait_until

from rbrctl.errors import UsageError
from rbrctl.rewards.serving.settings import Listening, is_loopback

JSON = {"content-type": "application/json"}

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

Start = Callable[..., Server]
TOKEN = "a-token-of-sixteen-or-more"


def test_one_completion(server: Server) -> None:
    reply = server.post("/reward", ONE)
    assert (reply.status_code, reply.json()) == (200, {"reward": KIND})


def test_many_completions_with_scores_and_details(server: Server) -> None:
    body = {
        "prompts": ["p", [{"role": "user", "content": "q"}], "p"],
        "completions": ["kind", "rude", "broken"],
        "response_classes": "c",
        "rm_scores": [1, None, 2],
        "details": True,
    }
    reply = server.post("/reward", body).json()
    assert reply["rewards"] == [KIND + 1, RUDE, None]
    assert reply["details"][0] == {
        "rules": KIND,
        "rm_score": 1.0,
        "rank": "good",
        "features": {"kind": 1.0, "rude": 0.0, "good": 1.0},
    }
    assert reply["details"][2] is None


@pytest.mark.parametrize("path", ["/", "/get_reward"])
def test_the_remote_contract(server: Server, path: str) -> None:
    body = {"query": ["p kind</s>"], "prompts": ["p"], "labels": ["c"]}
    reply = server.post(path, body).json()
    assert reply == {"rewards": [KIND], "scores": [KIND], "extra_logs": {"graded": [1.0]}}


def test_the_published_clients_behaviour(server: Server) -> None:
    """One sample a request, 180 seconds, five tries a second apart."""

    def remote_reward(query: str) -> float:
        body = {"query": [query], "prompts": ["p"], "labels": ["c"]}
        for _ in range(5):
            reply = httpx.post(server.address, json=body, timeout=180)
            if reply.status_code == 200:
                return float(reply.json()["rewards"][0])
            time.sleep(1)
        raise AssertionError(reply.text)

    assert [remote_reward(f"p{text}") for text in (" kind", " rude")] == [KIND, RUDE]


def test_the_remote_contract_never_makes_a_score_of_a_failure(server: Server) -> None:
    body = {"query": ["p broken"], "prompts": ["p"], "labels": ["c"]}
    reply = server.post("/get_reward", body)
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "1"
    error = reply.json()["error"]
    assert error.startswith("a completion could not be graded, and this contract has a number")
    assert "--on-ungraded NUMBER" in error


def test_the_remote_contract_says_where_thinking_has_no_end(server: Server) -> None:
    body = {"query": ["p <think>kind"], "prompts": ["p "], "labels": ["c"]}
    assert "ends inside its thinking" in server.post("/", body).json()["error"]


def test_a_number_for_what_could_not_be_graded(start: Start) -> None:
    server = start("--on-ungraded", "-5")
    body = {"query": ["p broken", "p kind"], "prompts": ["p", "p"], "labels": ["c", "c"]}
    reply = server.post("/", body).json()
    assert (reply["rewards"], reply["extra_logs"]) == ([-5, KIND], {"graded": [0, 1]})
    assert server.post("/reward", {**ONE, "completion": "broken"}).json() == {"reward": None}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("{", 400, "not JSON"),
        ("[]", 400, "must be an object"),
        ('{"completion": NaN}', 400, "NaN"),
        ("[" * 100_00, 400, "nested"),
        ("{}", 400, 'no "prompt"'),
        ({**ONE, "completion": 7}, 400, "completion must be a text"),
        ({"completion": "kind"}, 400, 'no "prompt"'),
        ({**ONE, "completion": [{"role": "gpt", "content": "x"}]}, 400, "its roles are gpt"),
        ({**ONE, "clas": "c"}, 400, "unknown key 'clas'"),
        ({**ONE, "rm_score": "high"}, 400, "rm_score must be a number"),
        ({**ONE, "details": 1}, 400, "details must be true or false"),
        ({**ONE, "response_class": 3}, 400, "response class must be a text"),
        ({**ONE, "response_class": "d"}, 422, "there is no response class 'd'"),
        ({"prompt": "p", "completion": "x"}, 422, "without a response class"),
        ({"prompts": ["p"], "completions": []}, 400, "do not belong together"),
        ({"prompts": ["p"] * 51, "completions": ["x"] * 51}, 400, "at most 50"),
    ],
)
def test_bad_requests_get_a_reason(server: Server, body: Any, status: int, reason: str) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    reply = httpx.post(server.address + "/reward", content=content, headers=JSON)
    assert reply.status_code == status
    assert reason in reply.json()["error"]


def test_other_methods_and_paths(server: Server) -> None:
    for method, path, status in (("GET", "/reward", 405), ("POST", "/nothing", 404)):
        reply = httpx.request(method, server.address + path)
        assert reply.status_code == status
        assert reply.json()["error"] == (
            f"{method} {path} is nothing here; there are POST /reward, /, /get_reward; "
            "GET /healthz, /metrics"
        )


def test_the_same_completion_in_many_requests_at_once_is_graded_once(start: Start) -> None:
    server = start("--delay", "0.3")
    replies: list[float] = []
    threads = [
        threading.Thread(
            target=lambda: replies.append(server.post("/reward", ONE).json()["reward"])
        )
        for _ in range(10)
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [KIND] * 10
    assert time.monotonic() - begun < 3


def test_killed_and_restarted_under_load_no_answer_is_wrong(start: Start) -> None:
    server = start("--delay", "0.001")
    port = server.address.rsplit(":", 1)[1]
    expected = {"kind": KIND, "rude": RUDE, "words": 0.0}
    stop = threading.Event()
    wrong: list[Any] = []
    right = [0, 0]

    def load(number: int) -> None:
        with httpx.Client(timeout=10) as client:
            turn = 0
            while not stop.is_set():
                turn += 1
                word = list(expected)[turn % 3]
                body = {**ONE, "prompt": f"{number} {turn % 50}", "completion": word}
                try:
                    reply = client.post(server.address + "/reward", json=body)
                except httpx.HTTPError:
                    continue
                if reply.status_code != 200 or reply.json() != {"reward": expected[word]}:
                    wrong.append((word, reply.status_code, reply.text))
                right[restarted.is_set()] += 1

    restarted = threading.Event()
    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: right[0] > 20)
    server.process.kill()
    server.process.wait()
    assert start("--port", port).address == server.address
    restarted.set()
    wait_until(lambda: right[1] > 20)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_address_in_use_is_said(start: Start) -> None:
    port = start().address.rsplit(":", 1)[1]
    second = subprocess.run(
        [sys.executable, str(PROGRAM), "--port", port],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert second.returncode != 0
    expected = f"cannot listen on 127.0.0.1, port {port}: address already in use\n"
    assert second.stderr.endswith(expected)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_beyond_loopback_a_token_is_needed(host: str) -> None:
    with pytest.raises(UsageError, match="set a token"):
        Listening(host)
    assert Listening(host, token=TOKEN).host == host


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 16 characters"):
        Listening(token="short")
    for token in ("a-tökén-of-letters-that-no-header-holds", "sixteen characters with spaces"):
        with pytest.raises(UsageError, match="ASCII"):
            Listening(token=token)
    with pytest.raises(UsageError, match="port"):
        Listening(port=70_000)
    assert is_loopback("localhost")
    assert is_loopback("::1")
    assert not is_loopback("localhost.example.org")
