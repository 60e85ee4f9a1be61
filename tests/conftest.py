"""What tests everywhere need: the shared data where it is there, and servers on loopback."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from examples import THOROUGH
from hypothesis import settings
from servers.json_server import JsonServer, Reply

TESTS = Path(__file__).parent
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers that each compute on all cores only wait for each other. Read when numpy is imported.
    for library in ("OMP", "OPENBLAS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# How long one example takes says more about the machine than about the code.
settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=100)
settings.load_profile("thorough" if THOROUGH else "default")


@pytest.fixture
def shared() -> Path:
    """Give the folder with the data that the project is developed against; skip without it."""
    folder = Path(os.environ.get("RBRCTL_SHARED", TESTS.parent.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the shared data folder ({folder.name} beside the checkout)")
    return folder


@pytest.fixture
def mock_endpoint() -> Iterator[str]:
    """Run an endpoint that answers with canned replies; gives its address."""
    with subprocess.Popen(
        [sys.executable, str(TESTS / "servers" / "mock_endpoint.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        server.stdin.close()
        server.wait(10)


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], JsonServer]]:
    """Start servers that answer every POST with what a function makes of it."""
    running: list[JsonServer] = []

    def start(reply: Reply) -> JsonServer:
        running.append(JsonServer(reply))
        return running[-1]

    yield start
    for server in running:
        server.close()
