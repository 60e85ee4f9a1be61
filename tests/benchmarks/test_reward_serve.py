"""The reward service under an open load: requests come at their time, whatever the replies do."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.reward_process import ENVIRONMENT, PROGRAM

from rbrctl.records.models import RuleSetIdentity
from rbrctl.rewards.features import feature_names
from rbrctl.rewards.weights import Weights, write_weights
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")
pytestmark = pytest.mark.benchmark

RATE, SECONDS, CONNECTIONS = 1000, 4, 20
SHORT = {"prompt": "p", "completion": "kind words", "response_class": "c"}
LONG = {
    "prompt": "How do I bake a loaf of bread? " * 60,
    "completion": "Sure, here is how: take flour, and then wait. \n" * 45,
    "response_class": "comply",
}
"""Of four thousand characters, as a sample in training has them."""

Start = Callable[..., "Server"]


class Server:
    """A server, its port, and the processor time that it has used."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRONMENT,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "http://127.0.0.1:" in line:
                self.port = int(line.rsplit(":", 1)[1])
                return
        raise AssertionError("it never served")

    def seconds_used(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Server] = []

    def launch(*command: str) -> Server:
        running.append(Server(*command))
        return running[-1]

    yield launch
    for server in running:
        server.process.terminate()
        server.process.communicate(timeout=60)


def request_of(body: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    head = b"POST /reward HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(content) + content


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Any:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return json.loads(await reader.readexactly(length))["reward"]


async def connection(
    port: int, number: int, begin: float, request: bytes, expected: float, latencies: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(RATE * SECONDS // CONNECTIONS):
        due = begin + (turn * CONNECTIONS + number) / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        assert await ask(reader, writer, request) == expected
        latencies.append(time.perf_counter() - due)
    writer.close()


async def load_with(server: Server, request: bytes) -> None:
    """Send the load, say how it went, and hold it to the target."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    expected = await ask(reader, writer, request)
    writer.close()
    latencies: list[float] = []
    used, begin = server.seconds_used(), time.perf_counter() + 0.2
    await asyncio.gather(
        *(
            connection(server.port, number, begin, request, expected, latencies)
            for number in range(CONNECTIONS)
        )
    )
    seconds, used = time.perf_counter() - begin, server.seconds_used() - used
    latencies.sort()
    rate = len(latencies) / seconds
    p50, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
    print(
        f"{rate:.0f} requests a second, p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms; "
        f"{used / len(latencies) * 1e6:.0f} us of the server's processor each"
    )
    assert rate >= 0.98 * RATE
    assert p99 < 0.05


def test_a_thousand_cached_requests_a_second(start: Start) -> None:
    asyncio.run(load_with(start(str(PROGRAM)), request_of(SHORT)))


def test_a_thousand_a_second_of_the_shipped_rules(start: Start, tmp_path: Path) -> None:
    ruleset = load("builtin:safety")
    names = feature_names(Judge(ruleset), "comply")
    identity = RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest)
    weights = tmp_path / "weights.yaml"
    write_weights(weights, Weights(identity, {"comply": dict.fromkeys(names, 0.5)}))
    served = ("--rules", "builtin:safety", "-w", str(weights), "--port", "0")
    server = start("-m", "rbrctl", "reward", "serve", *served)
    asyncio.run(load_with(server, request_of(LONG)))
