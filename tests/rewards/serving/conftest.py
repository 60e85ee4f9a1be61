"""Reward servers in processes of their own."""

from collections.abc import Callable, Iterator

import pytest
from servers.reward_process import Server

Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Server] = []

    def launch(*arguments: str) -> Server:
        running.append(Server(*arguments))
        return running[-1]

    yield launch
    for server in running:
        server.kill()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server("--delay", "0.01")
    yield running
    running.kill()
