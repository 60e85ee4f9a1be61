"""What clients may send, how slowly, and how many at once."""

import signal
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest
from servers.reward_process import ONE, Server, read_all, wait_until

JSON = {"content-type": "application/json"}

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

HEAD = b"POST /reward HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def test_bodies_that_are_too_large_are_refused_before_they_are_read(server: Server) -> None:
    reply = httpx.post(server.address + "/reward", content=b"x" * 200_000, headers=JSON)
    assert reply.status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * 50_000

    assert httpx.post(server.address + "/reward", content=chunks(), headers=JSON).status_code == 413


def test_a_body_that_never_comes_is_given_up(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n{")
        assert read_all(connection).startswith(b"HTTP/1.1 408 ")


def test_a_compressed_body_is_refused(server: Server) -> None:
    reply = httpx.post(
        server.address + "/reward", content=b"x", headers={**JSON, "content-encoding": "gzip"}
    )
    assert reply.status_code == 415
    assert reply.json() == {"error": "Content-Encoding: gzip is not read; send it plain"}
    plain = server.post("/reward", ONE, headers={"content-encoding": "identity"})
    assert plain.status_code == 200


def send_ten_megabytes(connection: socket.socket) -> None:
    for _ in range(1000):
        connection.sendall(b"a" * 10_000)


def test_headers_without_end_are_refused(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"X: ")
        with pytest.raises(ConnectionError):
            send_ten_megabytes(connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        HEAD + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_long_headers_are_refused(server: Server, request_bytes: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(request_bytes)
        reply = read_all(connection)
    assert reply == b"" or b" 431 " in reply.split(b"\r\n")[0]
    assert reply == b"" or b"65,536 bytes at most" in reply


def test_what_follows_a_body_is_bounded_too(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: ")
        with pytest.raises(ConnectionError):
            send_ten_megabytes(connection)


def test_a_body_in_many_small_parts_is_read(server: Server) -> None:
    first = b'{"prompt": "p", "completion": "kind", "response_class": "c"'
    parts = [first, *[b" "] * 20_000, b"}"]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    with server.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        connection.sendall(chunks + b"0\r\n\r\n")
        reply = read_all(connection)
    assert reply.startswith(b"HTTP/1.1 200 ")
    assert reply.endswith(b'{"reward": 2.5}')


@pytest.mark.parametrize(
    "sent", [b"", HEAD, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + HEAD]
)
def test_headers_that_never_end_are_given_up(server: Server, sent: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(sent)
        reply = read_all(connection)
    assert reply.endswith(b'{"error": "the headers did not arrive in time"}') == bool(sent)


def test_what_is_no_http_gets_a_reason(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"garbage\r\n\r\n")
        assert read_all(connection).endswith(b'{"error": "this is no request that HTTP allows"}')


def test_more_connections_than_may_be_are_told_to_come_again(
    start: Callable[..., Server],
) -> None:
    server = start("--connections", "2")
    healthy = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with server.connect() as first, server.connect() as second:
        for connection in (first, second):
            connection.sendall(healthy)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        with server.connect() as third:
            reply = read_all(third)
    assert reply.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in reply

    def has_room() -> bool:
        with server.connect() as connection:
            connection.sendall(healthy)
            return connection.recv(1000).startswith(b"HTTP/1.1 200 ")

    wait_until(has_room)


def test_a_client_that_leaves_is_counted_and_no_more(start: Callable[..., Server]) -> None:
    server = start()
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n{")
    left = 'rbrctl_reward_requests_total{path="/reward",status="499"}'
    wait_until(lambda: server.metrics().get(left) == 1)
    assert server.stop(signal.SIGTERM) == (0, "stopped, 0 cut\n", "")
