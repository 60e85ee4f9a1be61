"""The reward server of tests as a process, and how to talk to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

PROGRAM = Path(__file__).parent / "reward_server.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROGRAM.parent.parent.parent)}
ONE = {"prompt": "p", "completion": "kind", "response_class": "c"}
KIND, RUDE = 2.5, -1.0


class Server:
    """A running server and its address."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def post(self, path: str, body: Any, **settings: Any) -> httpx.Response:
        return httpx.post(self.address + path, json=body, timeout=30, **settings)

    def metrics(self) -> dict[str, float]:
        """Give every value of ``/metrics``, by name and labels."""
        lines = httpx.get(self.address + "/metrics").text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def connect(self) -> socket.socket:
        """Open a connection to write to by hand."""
        host, port = self.address.removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)), timeout=30)

    def stop(self, number: int) -> tuple[int, str, str]:
        """Send a signal; give the exit code and what was said then."""
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=60)
        return self.process.returncode, rest, errors

    def kill(self) -> None:
        """End it at once."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def read_all(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    content = b""
    try:
        while part := connection.recv(65536):
            content += part
    except ConnectionError:
        pass
    return content


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait as long as a busy machine takes, but not for ever."""
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)
