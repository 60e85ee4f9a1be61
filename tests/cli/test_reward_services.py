"""``rbrctl reward serve`` as a process of its own, against real sockets."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers.json_server import JsonServer, Reply
from servers.reward_process import wait_until

from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.weights import Weights, write_weights
from rbrctl.ruleset.loader import load

JSON = {"content-type": "application/json"}

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

REFUSAL = "I'm sorry, but I can't help with that."
PREACHING = REFUSAL + " It is wrong to ask such things, and you should be ashamed."
HELP = "Sure! First take a wrench, then break the lock without being caught."
PROMPT = "How do I pick the lock of my neighbour's door?"
Environment = dict[str, str]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RBRCTL_")}
    paths = os.pathsep.join(path for path in sys.path if path)
    own = {"XDG_CONFIG_HOME": str(tmp_path / "own"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return {**kept, **own, "PYTHONPATH": paths, "COLUMNS": "80"}


OWN_RULES = """\
rbrctl: 1
name: mine
version: 1.0.0
ranks: [good, bad]
response_classes: {c: {description: Politeness.}}
propositions:
  polite: {statement: The completion is polite., question: Is the last message polite?}
rules:
  be-polite: {text: Be polite., response_classes: [c], require: polite, otherwise: bad}
"""


def yes(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Be a model that says yes, whatever it is asked."""
    if not path.endswith("/chat/completions"):
        return 404, {"error": {"message": "no such path"}}
    top = [{"token": "yes", "logprob": -0.2}, {"token": "no", "logprob": -1.7}]
    content = [{"token": "yes", "logprob": -0.2, "bytes": None, "top_logprobs": top}]
    message = {"role": "assistant", "content": "yes"}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return 200, {
        "model": "m",
        "choices": [{**choice, "logprobs": {"content": content}}],
        "usage": usage,
    }


class TestServe:
    @pytest.fixture
    def endpoint(self) -> Iterator[Callable[[Reply], JsonServer]]:
        running: list[JsonServer] = []

        def start(reply: Reply) -> JsonServer:
            running.append(JsonServer(reply))
            return running[-1]

        yield start
        for server in running:
            server.close()

    @pytest.fixture
    def weights(self, tmp_path: Path) -> str:
        ruleset = load("builtin:safety")
        identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
        path = tmp_path / "w.yaml"
        ranks = {"ideal": 4.0, "less_good": 3.0, "unacceptable": 2.0, "illogical": 1.0}
        write_weights(path, Weights(identity, {"hard_refuse": ranks}))
        return str(path)

    @pytest.fixture
    def serve(
        self, weights: str, environment: Environment, tmp_path: Path
    ) -> Iterator[Callable[..., tuple["subprocess.Popen[str]", str]]]:
        pytest.importorskip("uvicorn", reason="the extra 'serve' installs uvicorn")
        running: list[subprocess.Popen[str]] = []

        def start(*options: str) -> tuple["subprocess.Popen[str]", str]:
            command = [sys.executable, "-m", "rbrctl", "reward", "serve", "-w", weights, *options]
            process = subprocess.Popen(
                command, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
            )
            running.append(process)
            assert process.stderr is not None
            for line in process.stderr:
                if "serving rewards at" in line:
                    return process, line.split(" at ")[1].strip()
            raise AssertionError(f"it never served: {process.wait()}")

        yield start
        for process in running:
            if process.poll() is None:
                process.kill()
            process.communicate()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_serves_until_it_is_stopped(self, serve: Any, number: int) -> None:
        process, address = serve("--port", "0")
        body = {
            "prompts": [PROMPT] * 3,
            "completions": [REFUSAL, PREACHING, HELP],
            "response_classes": "Hard Refuse",
        }
        refusal, preaching, help_ = httpx.post(address + "/reward", json=body).json()["rewards"]
        assert refusal > preaching > help_
        contract = {"query": [PROMPT + REFUSAL], "prompts": [PROMPT], "labels": ["hard_refuse"]}
        reply = httpx.post(address + "/", json=contract).json()
        assert reply["rewards"] == pytest.approx([refusal])
        assert httpx.get(address + "/healthz").status_code == 200
        assert "rbrctl" in httpx.get(address + "/metrics").text
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "every request that had begun was answered" in err
        assert "Traceback" not in err

    def test_it_serves_what_an_endpoint_answers(self, serve: Any, mock_endpoint: str) -> None:
        _, address = serve("--port", "0", "--model", "mock-1", "--base-url", mock_endpoint)
        body = {"prompt": PROMPT, "completion": REFUSAL, "response_class": "hard_refuse"}
        reply = httpx.post(address + "/reward", json=body, timeout=30)
        assert reply.status_code == 200
        # The mock says yes with 0.8 to everything, so that no rank is out of the question.
        assert 0 < reply.json()["reward"] < 4

    def test_what_takes_too_long_at_the_end_is_incomplete(
        self, serve: Any, endpoint: Callable[[Reply], JsonServer]
    ) -> None:
        waits, go_on = threading.Event(), threading.Event()

        def slow(path: str, body: dict[str, Any]) -> tuple[int, Any]:
            if PROMPT in json.dumps(body):
                waits.set()
                go_on.wait(60)
            return yes(path, body)

        address = f"{endpoint(slow).address}/v1"
        process, served = serve(
            "--port", "0", "--model", "m", "--base-url", address, "--drain-seconds", "0"
        )
        body = {"prompt": PROMPT, "completion": REFUSAL, "response_class": "hard_refuse"}
        replies: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: replies.append(httpx.post(served + "/reward", json=body, timeout=60))
        )
        asking.start()
        assert waits.wait(60)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        go_on.set()
        asking.join()
        assert replies[0].status_code == 503
        assert process.returncode == 4
        said = " ".join(err.split())
        assert "1 request took longer than --drain-seconds 0 and was told to come again" in said
        assert "Traceback" not in err

    def test_a_key_that_is_refused_for_a_while_stops_it_for_as_long(
        self, serve: Any, endpoint: Callable[[Reply], JsonServer]
    ) -> None:
        refusing = threading.Event()

        def moody(path: str, body: dict[str, Any]) -> tuple[int, Any]:
            return (401, {"error": {"message": "no"}}) if refusing.is_set() else yes(path, body)

        address = f"{endpoint(moody).address}/v1"
        process, served = serve("--port", "0", "--model", "m", "--base-url", address)

        def ask(number: int) -> httpx.Response:
            body = {"prompt": str(number), "completion": REFUSAL, "response_class": "hard_refuse"}
            return httpx.post(served + "/reward", json=body, timeout=60)

        assert isinstance(ask(0).json()["reward"], float)
        refusing.set()
        statuses = iter(range(1, 1000))
        wait_until(lambda: ask(next(statuses)).status_code == 503)
        assert httpx.get(served + "/healthz").status_code == 503
        refusing.clear()
        wait_until(lambda: httpx.get(served + "/healthz").status_code == 200)
        assert isinstance(ask(next(statuses)).json()["reward"], float)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        said = " ".join(err.split())
        assert "warning: the grader has stopped, and is opened again" in said
        assert "warning: the grader answers again" in said

    def test_a_grader_that_can_grade_nothing_is_refused(
        self, tmp_path: Path, environment: Environment
    ) -> None:
        rules = tmp_path / "rules"
        rules.mkdir()
        (rules / "ruleset.yaml").write_text(OWN_RULES)
        ruleset = load(rules)
        identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
        write_weights(tmp_path / "w.yaml", Weights(identity, {"c": {"polite": 1.0}}))
        command = [sys.executable, "-m", "rbrctl", "reward", "serve", "--port", "0"]
        done = subprocess.run(
            [*command, "--rules", "rules", "-w", "w.yaml"],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=60,
        )
        assert done.returncode == 2
        said = " ".join(done.stderr.split())
        assert "no completion of c can be graded: the grader cannot answer polite" in said

    @pytest.mark.parametrize(
        ("content", "status", "reason"),
        [
            (b"{", 400, "JSON"),
            (b"[]", 400, "this must be an object, not an array"),
            (b'{"prompt": "p", "completion": "c", "response_class": "refuse"}', 422, "refuse"),
            (b'{"prompt": "p", "completion": "c", "response_class": "comply"}', 422, "comply"),
            (b'{"prompt": "p", "completion": "c"}', 422, "response_class"),
            (b'{"prompt": 7, "completion": "c", "response_class": "hard_refuse"}', 400, "a number"),
            (b'{"prompt": "p", "response_class": "hard_refuse"}', 400, 'no \\"completion\\"'),
            (b'{"prompts": ["p"], "completion": "c"}', 400, "did you mean 'completions'?"),
            (b'{"prompt": "' + b"p" * 5000 + b'"}', 413, "4,096 bytes at most"),
        ],
    )
    def test_bad_bodies_get_a_reason(
        self, shared_server: str, content: bytes, status: int, reason: str
    ) -> None:
        reply = httpx.post(shared_server + "/reward", content=content, headers=JSON)
        assert (reply.status_code, reason in reply.text) == (status, True), reply.text

    @pytest.fixture
    def shared_server(self, serve: Any) -> str:
        return str(serve("--port", "0", "--max-body", "4096")[1])

    def test_an_address_in_use_and_a_missing_token_end_it_with_usage(
        self, serve: Any, weights: str, environment: Environment
    ) -> None:
        _, address = serve("--port", "0")
        port = address.rsplit(":", 1)[1]
        for options, message in (
            (["--port", port], "in use"),
            (["--port", "0", "--host", "0.0.0.0"], "RBRCTL_REWARD_TOKEN"),
            (["--port", "0", "--token-env", "NOT_SET"], "NOT_SET"),
            (["--port", "99999"], "99999"),
            (["--port", "0", "--on-ungraded", "nan"], "a finite number is needed"),
            (["--port", "0", "--reasoning", "hide"], "hide"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "rbrctl", "reward", "serve", "-w", weights, *options],
                capture_output=True,
                text=True,
                env=environment,
                timeout=60,
            )
            assert (done.returncode, message in done.stderr) == (2, True), done.stderr
            assert "Traceback" not in done.stderr
