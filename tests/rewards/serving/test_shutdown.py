"""How the service ends."""

import signal
import threading
from collections.abc import Callable

import httpx
import pytest
from servers.reward_process import KIND, ONE, Server, wait_until

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")

Start = Callable[..., Server]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_shutdown_answers_what_has_begun(start: Start, number: int) -> None:
    server = start("--delay", "1")
    replies: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: replies.append(server.post("/reward", ONE)))
    thread.start()
    wait_until(lambda: server.metrics()["rbrctl_reward_waiting"] == 1)
    code, rest, errors = server.stop(number)
    thread.join()
    assert replies[0].json() == {"reward": KIND}
    assert (code, rest, errors) == (0, "stopped, 0 cut\n", "")


def test_what_takes_too_long_is_told_to_come_again(start: Start) -> None:
    server = start("--delay", "600", "--drain", "1")
    replies: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: replies.append(server.post("/reward", ONE)))
    thread.start()
    wait_until(lambda: server.metrics()["rbrctl_reward_waiting"] == 1)
    code, rest, errors = server.stop(signal.SIGTERM)
    thread.join()
    assert (code, rest, errors) == (0, "stopped, 1 cut\n", "")
    assert (replies[0].status_code, replies[0].headers["retry-after"]) == (503, "1")
    assert "come again" in replies[0].json()["error"]


def test_a_second_interruption_waits_for_nobody(start: Start) -> None:
    server = start("--delay", "600", "--drain", "600")
    thread = threading.Thread(target=lambda: server.post("/reward", ONE))
    thread.start()
    wait_until(lambda: server.metrics()["rbrctl_reward_waiting"] == 1)
    server.process.send_signal(signal.SIGINT)
    wait_until(lambda: refuses_connections(server))
    code, rest, errors = server.stop(signal.SIGINT)
    thread.join()
    assert (code, rest, errors) == (0, "stopped, 1 cut\n", "")


def refuses_connections(server: Server) -> bool:
    try:
        server.connect().close()
    except OSError:
        return True
    return False


def test_a_connection_that_waits_holds_up_no_end(start: Start) -> None:
    server = start("--drain", "600")
    with server.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert server.stop(signal.SIGTERM) == (0, "stopped, 0 cut\n", "")
