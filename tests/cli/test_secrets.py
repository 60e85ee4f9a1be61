"""Keys that servers echo and passwords in URLs, through the real command line: none gets out."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from servers.json_server import JsonServer, Reply

from rbrctl.graders.endpoint.environment import unset_variable

KEY = "sk-Very/Secret+Key_0123456789abcdef"
PASSWORD = "hunter2-hunter2"
URL_KEY = "url-key-9876543210"
Serve = Callable[[Reply], JsonServer]

FORMS = {
    "plain": KEY,
    "masked": KEY[:12] + "****cdef",
    "percent": quote(KEY, safe=""),
    "base64": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "unicode": "".join(f"\\u{ord(each):04x}" for each in KEY),
    "late": "x" * 290 + KEY,
    "very late": "y" * 1990 + KEY,
}


def rbrctl(
    folder: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "rbrctl", *arguments],
        cwd=folder,
        capture_output=True,
        timeout=60,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "OPENAI_API_KEY": KEY,
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            **environment,
        },
    )


def check_nothing_left(
    folder: Path, outcome: "subprocess.CompletedProcess[bytes]", *more: str
) -> None:
    """Look for the key, or eight characters of its beginning, in all that a run left behind."""
    left = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    left |= {"stdout": outcome.stdout, "stderr": outcome.stderr}
    for name, content in left.items():
        for secret in (KEY[:8], *FORMS["percent"].split("_")[:1], KEY[-12:], *more):
            assert secret.encode() not in content, name
        for shift in range(3):
            core = base64.b64encode(b"_" * shift + KEY.encode())[4:14]
            assert core not in content, name
        assert b"\\u0073\\u006b\\u002d" not in content, name


def write_transcripts(folder: Path, count: int = 3) -> None:
    rows = [
        {"id": f"t{i}", "prompt": f"P{i}", "completion": "No.", "response_class": "comply"}
        for i in range(count)
    ]
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")


def at(server: JsonServer, mode: str, *more: str) -> list[str]:
    where = ["--base-url", f"{server.address}/v1", "--model", "m", "--mode", mode]
    return ["grade", "t.jsonl", *where, "--retries", "0", "-o", "out.jsonl", *more]


def content(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("kind", ["an error", "a refusal", "an unclear text", "no choices"])
def test_an_echoed_key_gets_nowhere(tmp_path: Path, serve: Serve, kind: str, form: str) -> None:
    replies: dict[str, tuple[int, Any]] = {
        "an error": (401, {"error": {"message": f"Incorrect key {form}"}}),
        "a refusal": (400, {"detail": [{"loc": ["header"], "msg": f"got {form}"}]}),
        "an unclear text": (200, content(f"I was sent {form} and wonder")),
        "no choices": (200, {"echo": form, "choices": []}),
    }
    server = serve(lambda path, body: replies[kind])
    write_transcripts(tmp_path)
    outcome = rbrctl(tmp_path, "--debug", *at(server, "text"))
    assert server.asked[0][2] == f"Bearer {KEY}"
    assert outcome.returncode in (2, 4)
    check_nothing_left(tmp_path, outcome)


def test_a_reward_model_has_a_key_of_its_own(tmp_path: Path, serve: Serve) -> None:
    server = serve(lambda path, body: (400, {"error": f"no such key: {FORMS['late']}"}))
    write_transcripts(tmp_path)
    rm = ["--rm-url", f"{server.address}/get_reward?token={URL_KEY}", "--rm-key-env", "RM_KEY"]
    fit = ["reward", "fit", "t.jsonl", *rm, "--debug"]
    outcome = rbrctl(tmp_path, *fit, RM_KEY=KEY, OPENAI_API_KEY="")
    assert server.asked[0][0] == f"/get_reward?token={URL_KEY}"
    assert server.asked[0][2] == f"Bearer {KEY}"
    check_nothing_left(tmp_path, outcome, URL_KEY)


def test_a_key_in_the_address_is_sent_and_never_shown(tmp_path: Path, serve: Serve) -> None:
    def reply(path: str, body: Any) -> tuple[int, Any]:
        return 200, content("yes") if "P1" not in json.dumps(body) else content(f"see {path}")

    server = serve(reply)
    write_transcripts(tmp_path)
    arguments = at(server, "text")
    arguments[3] += f"?api_key={URL_KEY}&api-version=1"
    outcome = rbrctl(tmp_path, *arguments)
    assert server.asked[0][0] == f"/v1/chat/completions?api_key={URL_KEY}&api-version=1"
    assert outcome.returncode == 4
    assert b"?api_key=***&api-version=1" in outcome.stderr
    check_nothing_left(tmp_path, outcome, URL_KEY)
    dry = rbrctl(tmp_path, *arguments, "--dry-run")
    probe = rbrctl(tmp_path, "grader", "probe", *arguments[2:6])
    for each in (dry, probe):
        check_nothing_left(tmp_path, each, URL_KEY)


@pytest.mark.parametrize(
    "address",
    [
        f"https://user:{PASSWORD}@host/v1",
        f"https://user:{PASSWORD}@host:badport/v1",
        f"user:{PASSWORD}@host/v1",
        f"ftp://user:{PASSWORD}@host/v1",
        f"ftp://host/v1?api_key={PASSWORD}",
    ],
)
def test_passwords_in_addresses_are_refused_and_not_shown(tmp_path: Path, address: str) -> None:
    write_transcripts(tmp_path)
    outcome = rbrctl(tmp_path, "grade", "t.jsonl", "--model", "m", "--base-url", address)
    assert outcome.returncode == 2
    check_nothing_left(tmp_path, outcome, PASSWORD)


def test_a_proxys_password_is_not_shown(tmp_path: Path, serve: Serve) -> None:
    write_transcripts(tmp_path)
    grade = ["grade", "t.jsonl", "--model", "m", "--base-url", "https://api.example/v1", "--debug"]
    grade += ["--retries", "0"]
    server = serve(lambda path, body: (407, {}))
    proxy = server.address.replace("//", f"//user:{PASSWORD}@")
    for value in (proxy, f"socks9://user:{PASSWORD}@127.0.0.1", f"user:{PASSWORD}@[::1"):
        outcome = rbrctl(tmp_path, *grade, HTTPS_PROXY=value)
        assert outcome.returncode == 2
        check_nothing_left(tmp_path, outcome, PASSWORD)


def test_a_key_over_plain_http_to_another_host_is_warned_of_once(
    tmp_path: Path, serve: Serve
) -> None:
    server = serve(lambda path, body: (200, content("yes")))
    write_transcripts(tmp_path)
    for host, warned in (("10.0.0.7", 1), ("grader.example", 1), ("x.localhost", 0)):
        arguments = [*at(server, "text"), "--proxy", server.address, "--cache", "none"]
        arguments[3] = f"http://{host}/v1"
        outcome = rbrctl(tmp_path, *arguments, "--overwrite")
        assert outcome.returncode == 0, outcome.stderr
        assert outcome.stderr.count(b"a key is sent unencrypted to http://") == warned
    outcome = rbrctl(tmp_path, *at(server, "text"), "--overwrite")
    assert b"unencrypted" not in outcome.stderr
    keyless = [*at(server, "text"), "--overwrite", "--proxy", server.address]
    keyless[3] = "http://10.0.0.7/v1"
    assert b"unencrypted" not in rbrctl(tmp_path, *keyless, OPENAI_API_KEY="").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--header", f"Authorization: Bearer {KEY}"],
        ["--header", f"Authorization=Bearer {KEY}"],
        ["--header", f"api-key:{KEY}"],
        ["--header", KEY],
        ["--header", f"{KEY}="],
        ["--api-key-env", KEY],
    ],
)
def test_a_key_in_the_place_of_a_name_is_not_repeated(tmp_path: Path, arguments: list[str]) -> None:
    write_transcripts(tmp_path)
    at_host = ["--model", "m", "--base-url", "http://127.0.0.1:9/v1"]
    outcome = rbrctl(tmp_path, "grade", "t.jsonl", *at_host, *arguments, OPENAI_API_KEY="")
    assert outcome.returncode == 2
    assert arguments[0].encode() in outcome.stderr
    assert b"must not be on a command line" in b" ".join(outcome.stderr.split())
    check_nothing_left(tmp_path, outcome)


@pytest.mark.parametrize("option", ["--api-key-env", "--rm-key-env", "--token-env"])
@pytest.mark.parametrize(
    ("name", "shown"),
    [("MY_KEY", True), ("my_key", True), ("hf_AbCdEf0123", False), ("sk-abcdef", False)],
)
def test_only_what_is_a_name_is_shown(option: str, name: str, shown: bool) -> None:
    message = str(unset_variable(option, name))
    assert option in message
    assert (name in message) is shown


def test_parts_of_headers_are_found_in_any_case(tmp_path: Path, serve: Serve) -> None:
    pair = base64.b64encode(b"judge:Open-Sesame-99").decode()
    session = "Session-Value-42"

    def reply(path: str, body: Any) -> tuple[int, Any]:
        return 400, {"error": f"got {KEY.lower()}, {KEY.upper()}, open-sesame-99 and {session}"}

    server = serve(reply)
    write_transcripts(tmp_path)
    headers = ["--header", "Authorization=AUTH", "--header", "X-A=PAIR", "--header", "Cookie=JAR"]
    values = {"AUTH": f"Bearer {KEY}", "PAIR": f"Basic {pair}", "JAR": f"a=1; session={session}"}
    outcome = rbrctl(tmp_path, *at(server, "text", *headers), **values, OPENAI_API_KEY="")
    assert outcome.returncode in (2, 4)
    check_nothing_left(tmp_path, outcome, KEY.lower(), KEY.upper(), "open-sesame-99", session)
