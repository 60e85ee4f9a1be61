"""The reward service under an open load: requests come at their time, whatever the replies do."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs the extra 'serve'")
pytestmark = pytest.mark.benchmark

SERVER = Path(__file__).parent.parent / "servers" / "reward_server.py"
RATE, SECONDS, CONNECTIONS = 1000, 4, 20
BODY = json.dumps({"prompt": "p", "completion": "kind words", "response_class": "c"}).encode()
REQUEST = (
    b"POST /reward HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
) + BODY


@pytest.fixture
def port() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, str(SERVER)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SERVER.parent.parent.parent)},
    )
    assert process.stdout is not None
    yield int(process.stdout.readline().rsplit(":", 1)[1])
    process.terminate()
    process.communicate(timeout=30)


async def connection(port: int, number: int, begin: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(RATE * SECONDS // CONNECTIONS):
        due = begin + (turn * CONNECTIONS + number) / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        assert json.loads(await reader.readexactly(length)) == {"reward": 2.5}
        latencies.append(time.perf_counter() - due)
    writer.close()


async def load(port: int) -> tuple[list[float], float]:
    latencies: list[float] = []
    begin = time.perf_counter() + 0.2
    await asyncio.gather(
        *(connection(port, number, begin, latencies) for number in range(CONNECTIONS))
    )
    return latencies, time.perf_counter() - begin


def test_a_thousand_cached_requests_a_second(port: int) -> None:
    latencies, seconds = asyncio.run(load(port))
    latencies.sort()
    rate = len(latencies) / seconds
    p50, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
    print(f"{rate:.0f} requests a second, p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms")
    assert rate >= 0.98 * RATE
    assert p99 < 0.05
