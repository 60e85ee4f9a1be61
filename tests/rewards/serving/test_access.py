"""Who may ask."""

import base64
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.reward_process import KIND, ONE, Server

from rbrctl.rewards.serving.access import brings_token

TOKEN = "a-token-of-sixteen:or-more"


def basic(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}".encode(),
        f"bearer  {TOKEN} ".encode(),
        f"BEARER {TOKEN}".encode(),
        basic("reward", TOKEN),
        basic("", TOKEN).replace(b"Basic", b"basic"),
    ],
)
def test_the_token_in_each_form(header: bytes) -> None:
    assert brings_token(header, TOKEN)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        TOKEN.encode(),
        f"Bearer {TOKEN}x".encode(),
        f"Basic {TOKEN}".encode(),
        basic(TOKEN, ""),
        b"Basic \xff\xff",
        b"Bearer nonsense-\xe9",
        f"Digest {TOKEN}".encode(),
    ],
)
def test_what_does_not_bring_it(header: bytes) -> None:
    assert not brings_token(header, TOKEN)


@given(st.binary(max_size=60))
def test_no_other_header_does(header: bytes) -> None:
    assert not brings_token(header, TOKEN)


def test_a_token_is_asked_for(start: Callable[..., Server]) -> None:
    pytest.importorskip("uvicorn", reason="needs the extra 'serve'")
    server = start("--token", TOKEN)
    reply = server.post("/reward", ONE)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="rbrctl", Basic realm="rbrctl"'
    assert "Authorization: Bearer TOKEN" in reply.json()["error"]
    assert httpx.get(server.address + "/metrics").status_code == 401
    assert httpx.get(server.address + "/healthz").status_code == 200
    right = {"authorization": f"Bearer {TOKEN}"}
    assert server.post("/reward", ONE, headers=right).json() == {"reward": KIND}
    address = server.address.replace("http://", f"http://reward:{TOKEN.replace(':', '%3A')}@")
    assert httpx.post(address + "/reward", json=ONE).json() == {"reward": KIND}
    assert 'status="401"} 1\n' in httpx.get(address + "/metrics").text
