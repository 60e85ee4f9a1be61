"""The batch commands: write, answer by hand or by a server, read, and write the rest."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from servers.fault_endpoint import yes

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.cli.registry import ENTRIES

Call = Callable[..., tuple[int, str, str]]
ENDPOINT = ("--model", "m", "--base-url", "http://batch.invalid/v1")
ROWS = [
    {"id": "a", "prompt": "Hi", "completion": "Hello!", "response_class": "comply"},
    {"id": "b", "prompt": "Hi", "completion": "Sorry, no.", "response_class": "hard_refuse"},
    {"id": "c", "prompt": "Hi", "completion": "Hello!", "response_class": "comply"},
]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps(row) for row in ROWS]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")

    def called(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments, ENTRIES, Output({"XDG_CACHE_HOME": str(tmp_path / "cache")}))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return called


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def answered(custom_id: str) -> str:
    response = {"status_code": 200, "request_id": "r", "body": yes(0.9)}
    return json.dumps({"id": "x", "custom_id": custom_id, "response": response, "error": None})


def test_a_batch_of_the_transcripts_that_ship(call: Call) -> None:
    code, out, _ = call("batch", "write", "builtin:fixtures", *ENDPOINT)
    assert code == 0
    assert out.startswith("batch-00001.jsonl")


def test_write_read_and_write_again(call: Call, tmp_path: Path) -> None:
    code, out, err = call("batch", "write", "t.jsonl", *ENDPOINT, "-o", "one")
    assert (code, out) == (0, "one-00001.jsonl\n")
    rows = lines_of(tmp_path / "one-00001.jsonl")
    assert f"{len(rows)} questions (mode logprobs) in 1 file" in err
    assert len(rows) == 5 + 14
    some = [answered(row["custom_id"]) for row in rows[:10]]
    (tmp_path / "out.jsonl").write_text("\n".join(some))
    code, out, _ = call("batch", "read", "out.jsonl")
    assert (code, out) == (0, "10 answers stored in the cache\n")
    code, out, _ = call("batch", "write", "t.jsonl", *ENDPOINT, "-o", "two")
    rest = [row["custom_id"] for row in lines_of(tmp_path / "two-00001.jsonl")]
    assert rest == [row["custom_id"] for row in rows[10:]]
    (tmp_path / "out.jsonl").write_text("\n".join(map(answered, rest)))
    assert call("batch", "read", "out.jsonl")[0] == 0
    code, out, err = call("batch", "write", "t.jsonl", *ENDPOINT, "-o", "three")
    assert (code, out) == (0, "")
    assert "the cache has every answer" in err


def test_what_failed_is_told(call: Call, tmp_path: Path) -> None:
    call("batch", "write", "t.jsonl", *ENDPOINT, "-o", "one")
    row = lines_of(tmp_path / "one-00001.jsonl")[0]
    failed = {"custom_id": row["custom_id"], "response": None, "error": {"message": "too late"}}
    lines = [json.dumps(failed), answered("another"), "nonsense"]
    (tmp_path / "out.jsonl").write_text("\n".join(lines))
    code, out, err = call("batch", "read", "out.jsonl")
    assert (code, out) == (4, "0 answers stored in the cache\n")
    assert "1 question failed: too late" in err
    assert "1 line answers no question that this cache knows" in err
    assert "1 line is not a batch line; the first: out.jsonl:3: " in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("write", "t.jsonl"), 2, "no model is named"),
        (("write", "t.jsonl", *ENDPOINT, "--mode", "decisions"), 2, "a batch holds one question"),
        (("write", "no.jsonl", *ENDPOINT), 2, "no.jsonl"),
        (("read", "no.jsonl"), 2, "cannot read no.jsonl: no such file"),
        (("status", "t.jsonl", *ENDPOINT), 3, "t.jsonl: it was not submitted yet"),
        (("collect", "t.jsonl", *ENDPOINT), 3, "t.jsonl: it was not submitted yet"),
        (("submit", "t.jsonl", *ENDPOINT), 2, "the host batch.invalid:80 is not known"),
    ],
)
def test_what_cannot_be_done(
    call: Call, arguments: tuple[str, ...], code: int, message: str
) -> None:
    outcome = call("batch", *arguments)
    assert outcome[0] == code
    assert message in outcome[2]


class BatchHandler(BaseHTTPRequestHandler):
    """A server that has batches and is done at the second look."""

    uploads: dict[str, bytes]
    looks: dict[str, int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/files":
            name = f"file-{len(self.uploads)}"
            self.uploads[name] = body.split(b"application/jsonl\r\n\r\n")[1].split(b"\r\n--")[0]
            self.answer({"id": name})
        else:
            self.answer({"id": "batch-1", "status": "validating", "request_counts": None})

    def do_GET(self) -> None:
        if self.path == "/v1/batches/batch-1":
            self.looks["n"] = self.looks.get("n", 0) + 1
            done = self.looks["n"] > 1
            status = {"id": "batch-1", "status": "completed" if done else "in_progress"}
            self.answer(status | {"output_file_id": "out" if done else None})
        else:
            rows = [json.loads(line) for line in self.uploads["file-0"].splitlines()]
            self.send("\n".join(answered(row["custom_id"]) for row in rows).encode())

    def answer(self, value: Any) -> None:
        self.send(json.dumps(value).encode())

    def send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def batches() -> Iterator[str]:
    handler = type("Handler", (BatchHandler,), {"uploads": {}, "looks": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_does_it(call: Call, batches: str) -> None:
    at = ("--model", "m", "--base-url", batches)
    assert call("batch", "write", "t.jsonl", *at, "-o", "one")[0] == 0
    code, out, _ = call("batch", "submit", "one-00001.jsonl", *at)
    assert code == 0
    assert "batch-1" in out
    assert (
        "submitted before, as batch batch-1" in call("batch", "submit", "one-00001.jsonl", *at)[2]
    )
    code, out, _ = call("batch", "status", "one-00001.jsonl", *at, "-f", "json")
    assert code == 4
    assert json.loads(out)["batches"][0]["status"] == "in_progress"
    code, out, _ = call("batch", "collect", "one-00001.jsonl", *at)
    assert (code, out) == (0, "19 answers stored in the cache\n")
    assert call("batch", "write", "t.jsonl", *at, "-o", "two")[1] == ""
