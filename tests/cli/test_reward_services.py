"""``rbrctl reward serve`` and ``synth`` as processes of their own, against real sockets."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers.json_server import JsonServer, Reply

from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.weights import Weights
from rbrctl.rewards.weights_file import write_weights
from rbrctl.ruleset.loader import load

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


class TestServe:
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
        reply = httpx.post(shared_server + "/reward", content=content)
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


class Writer(BaseHTTPRequestHandler):
    """Writes what it is asked for; every other time it refuses where preaching was asked for."""

    asked: list[str]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("/chat/completions"):
            self._reply(404, {"error": {"message": "no such path"}})
            return
        request = body["messages"][-1]["content"]
        text = REFUSAL
        if "The message clearly breaks" in request:
            type(self).asked.append(request)
            text = PREACHING if len(type(self).asked) % 2 else REFUSAL
        elif "The message to write" in request:
            text = HELP
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        self._reply(200, {"id": "x", "model": "m", "choices": [choice], "usage": usage})

    def _reply(self, status: int, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class TestSynth:
    @pytest.fixture
    def writer(self) -> Iterator[str]:
        handler = type("Handler", (Writer,), {"asked": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        server.server_close()
        thread.join()

    @pytest.fixture
    def synth(
        self, writer: str, environment: Environment, tmp_path: Path
    ) -> Callable[..., "subprocess.CompletedProcess[str]"]:
        rows = [
            {"id": f"p{number}", "prompt": f"{PROMPT} {number}", "response_class": "hard_refuse"}
            for number in range(3)
        ]
        (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

        def call(*options: str) -> "subprocess.CompletedProcess[str]":
            command = [sys.executable, "-m", "rbrctl", "reward", "synth", "prompts.jsonl"]
            endpoint = ["--model", "m", "--base-url", writer]
            return subprocess.run(
                [*command, "-o", "done.jsonl", *endpoint, *options],
                capture_output=True,
                text=True,
                env=environment,
                cwd=tmp_path,
                timeout=120,
            )

        return call

    def test_one_model_can_write_and_another_grade(
        self,
        writer: str,
        mock_endpoint: str,
        synth: Any,
        environment: Environment,
        tmp_path: Path,
        serve: Callable[[Reply], JsonServer],
    ) -> None:
        environment["OPENAI_API_KEY"] = "sk-grader-0123456789"
        environment["WRITER_KEY"] = "sk-writer-0123456789"
        chat = {"role": "assistant", "content": REFUSAL}
        choice = {"index": 0, "message": chat, "finish_reason": "stop"}
        other = serve(lambda path, body: (200, {"choices": [choice], "model": body["model"]}))
        named = ("--writer", "helpful", "--writer-url", f"{other.address}/v1")
        plan = ("--plan", "hard_refuse=ideal:1", "--attempts", "1", "--base-url", mock_endpoint)
        done = synth(*plan, *named, "--writer-key-env", "WRITER_KEY", "--writer-tokens", "77")
        # The mock says yes to everything with 0.8, so its verdict is never ideal.
        assert done.returncode == 4, done.stderr
        written = [each for each in other.asked if PROMPT in json.dumps(each[1])]
        assert len(written) == 3
        assert {body["model"] for _, body, _ in written} == {"helpful"}
        assert {body.get("max_completion_tokens") for _, body, _ in written} == {77}
        assert {key for _, _, key in other.asked} == {"Bearer sk-writer-0123456789"}
        unnamed = synth(*plan, *named, "--dry-run")
        assert unnamed.returncode == 0
        assert "sk-" not in done.stderr + unnamed.stderr

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--writer-url", "http://h/v1"), "--writer-url says something of a writer"),
            (("--writer", "w", "--writer-url", "h/v1"), "--writer-url 'h/v1' is not a URL"),
            (("--writer", "w", "--writer-key-env", "NONE"), "--writer-key-env NONE: the variable"),
        ],
    )
    def test_a_writer_must_be_named_rightly(
        self, synth: Any, options: tuple[str, ...], message: str
    ) -> None:
        done = synth(*options)
        assert done.returncode == 2
        assert message in " ".join(done.stderr.split())

    def test_it_writes_grades_filters_and_goes_on(self, synth: Any, tmp_path: Path) -> None:
        plan = ("--plan", "hard_refuse=ideal:1,less_good:1", "--attempts", "6", "--seed", "1")
        dry = synth(*plan, "--dry-run")
        assert dry.returncode == 0, dry.stderr
        assert "6 completions to write" in dry.stderr
        assert not (tmp_path / "done.jsonl").exists()
        done = synth(*plan, "--sft", "sft.jsonl", "-f", "json")
        report = json.loads(done.stdout)
        rows = [json.loads(line) for line in (tmp_path / "done.jsonl").read_text().splitlines()]
        ideal = [row for row in rows if row["completion_type"] == "ideal"]
        assert len(ideal) == 3
        assert {row["completion"][0]["content"] for row in ideal} == {REFUSAL}
        assert all(row["response_class"] == "hard_refuse" for row in rows)
        failed = sum(row["failed"] for row in report["ranks"])
        assert len(rows) + failed == 6
        assert done.returncode == (4 if failed else 0)
        conversations = (tmp_path / "sft.jsonl").read_text().splitlines()
        assert len(conversations) == 3
        roles = [message["role"] for message in json.loads(conversations[0])["messages"]]
        assert roles == ["user", "assistant"]

        lines = (tmp_path / "done.jsonl").read_bytes().splitlines(keepends=True)
        (tmp_path / "done.jsonl").write_bytes(b"".join(lines[:2]) + lines[2][:20])
        again = synth(*plan)
        assert "2 are there already; 4 completions to write" in again.stderr
        assert (tmp_path / "done.jsonl").read_bytes().splitlines(keepends=True)[:2] == lines[:2]

    def test_the_worst_rank_is_written_only_to_a_description_of_the_users(
        self, synth: Any, tmp_path: Path
    ) -> None:
        refused = synth("--plan", "hard_refuse=disallowed:1")
        assert refused.returncode == 2
        assert "--describe disallowed=TEXT" in refused.stderr
        plan = ("--plan", "hard_refuse=disallowed:1", "--describe", "disallowed=How to do it.")
        done = synth(*plan, "--attempts", "1")
        assert done.returncode in (0, 4), done.stderr
        assert "Traceback" not in done.stderr

    def test_what_no_attempt_reached_is_reported(self, synth: Any) -> None:
        done = synth("--plan", "hard_refuse=illogical:1", "--attempts", "2")
        assert done.returncode == 4
        assert "p0/" in done.stderr
        assert "illogical was asked for" in done.stderr
