"""Running the service until it is told to stop."""

import asyncio
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.rewards.extras import require
from rbrctl.rewards.serving.application import Service, create_application
from rbrctl.rewards.serving.settings import Listening

BACKLOG = 2048
SHUTDOWN_SECONDS = 30


def serve(
    open_service: Callable[[], Awaitable[Service]],
    listening: Listening,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """
    Serve until SIGINT or SIGTERM; requests that have begun are answered first.

    ``open_service`` is awaited in the event loop that the service lives in; what it raises is
    raised. ``on_ready`` is told the address, with the port that a port of 0 became. Raises
    UsageError where the address cannot be used, and MissingExtraError without uvicorn.
    """
    require("uvicorn", "serve", "the reward server")
    with (
        _bound(listening) as listener,
        _quiet_signals(),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(_serve(open_service, listener, on_ready))


async def _serve(
    open_service: Callable[[], Awaitable[Service]],
    listener: socket.socket,
    on_ready: Callable[[str], None] | None,
) -> None:
    import uvicorn

    settings = uvicorn.Config(
        create_application(await open_service()),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(settings)
    _announce(server, listener, on_ready)
    await server.serve(sockets=[listener])


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Take the faster event loop where it is installed."""
    if find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


def _bound(listening: Listening) -> socket.socket:
    try:
        found = socket.getaddrinfo(listening.host, listening.port, type=socket.SOCK_STREAM)
        return socket.create_server(found[0][4][:2], family=found[0][0], backlog=BACKLOG)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {listening.host}, port {listening.port}: "
            f"{(error.strerror or 'unknown address').lower()}"
        ) from error


def _announce(server: Any, listener: socket.socket, on_ready: Callable[[str], None] | None) -> None:
    """Have the server tell its address once it takes requests."""
    start = server.startup

    async def startup(sockets: Any = None) -> None:
        await start(sockets=sockets)
        if on_ready is not None:
            host, port = listener.getsockname()[:2]
            on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    server.startup = startup


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """
    Let a signal that ended the server end no more than it.

    uvicorn raises the signals that it caught once more when it is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
