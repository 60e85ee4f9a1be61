"""Without a token, only programs on this machine are served, and no web page that is open on it."""

import json
from collections.abc import Callable

import httpx
import pytest
from servers.reward_process import KIND, ONE, Server

from rbrctl.rewards.serving.access import is_local_name

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

JSON = "application/json"
TOKEN = "a-token-of-sixteen-or-more"


def _post(server: Server, headers: dict[str, str]) -> httpx.Response:
    content = json.dumps(ONE).encode()
    return httpx.post(server.address + "/reward", content=content, headers=headers)


@pytest.mark.parametrize(
    "host", ["attacker.example", "localhost.attacker.example:80", "10.0.0.1", "127.0.0.1@x", ""]
)
def test_a_foreign_host_is_refused(server: Server, host: str) -> None:
    reply = _post(server, {"host": host, "content-type": JSON})
    assert reply.status_code == 403
    assert "ask 127.0.0.1 or localhost" in reply.json()["error"]
    assert httpx.get(server.address + "/metrics", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://attacker.example", "null", "file://", "https://127.0.0.1.x"]
)
def test_a_foreign_origin_is_refused(server: Server, origin: str) -> None:
    reply = _post(server, {"origin": origin, "content-type": JSON})
    assert reply.status_code == 403
    assert "origin" in reply.json()["error"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_every_content_type_but_json_is_refused(server: Server, kind: str | None) -> None:
    reply = _post(server, {} if kind is None else {"content-type": kind})
    assert reply.status_code == 415
    assert "must be application/json" in reply.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8765", "LOCALHOST:80"])
def test_this_machine_is_served(server: Server, host: str) -> None:
    headers = {
        "host": host,
        "origin": "http://localhost:3000",
        "content-type": f"{JSON}; charset=utf-8",
    }
    assert _post(server, headers).json() == {"reward": KIND}


def test_a_token_stands_in_for_both(start: Callable[..., Server]) -> None:
    server = start("--token", TOKEN)
    headers = {"host": "grader.internal", "authorization": f"Bearer {TOKEN}"}
    assert _post(server, headers).json() == {"reward": KIND}


@pytest.mark.parametrize(
    ("authority", "local"),
    [
        ("127.8.9.1", True),
        ("localhost.", True),
        ("[::1]", True),
        ("[::1]x", False),
        ("localhost:x", False),
        ("::1", False),
        ("127.0.0.1.nip.io", False),
    ],
)
def test_which_names_are_this_machines(authority: str, local: bool) -> None:
    assert is_local_name(authority) is local
