"""Running the service until it is told to stop."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rbrctl.errors import UsageError, require_extra
from rbrctl.rewards.serving.application import Application
from rbrctl.rewards.serving.protocol import limited_protocol
from rbrctl.rewards.serving.scrubbed_logs import scrubbed_logs
from rbrctl.rewards.serving.service import Service
from rbrctl.rewards.serving.settings import DRAIN_SECONDS, Limits, Listening
from rbrctl.scrubbing import Scrubber, without_credentials

BACKLOG = 2048
SPARE_FILES = 64
"""Number of open files that are kept free for anything that is not a client."""


def serve(
    open_service: Callable[[], Awaitable[Service]],
    listening: Listening,
    on_ready: Callable[[str], None] | None = None,
    drain_seconds: int = DRAIN_SECONDS,
    scrub: Callable[[str], str] = without_credentials,
) -> int:
    """
    Serve until SIGINT or SIGTERM, and return the number of requests that were cut off.

    Requests that have begun get ``drain_seconds`` to be answered; those that take longer are told
    to come again. ``open_service`` is awaited in the event loop that the service lives in.
    ``on_ready`` is called with the address, with the real port if the port was 0. ``scrub`` removes
    the keys of the grader from log records; the token of ``listening`` is removed in any case.

    Raises UsageError if the address cannot be used, MissingExtraError without uvicorn, and what
    ``open_service`` raises.
    """
    require_extra("uvicorn", "serve", "the reward server")
    token = Scrubber([listening.token or ""])
    with (
        scrubbed_logs(lambda text: token.text(scrub(text))),
        _bound(listening) as listener,
        _quiet_signals(),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        return runner.run(_serve(open_service, listener, on_ready, drain_seconds))


async def _serve(
    open_service: Callable[[], Awaitable[Service]],
    listener: socket.socket,
    on_ready: Callable[[str], None] | None,
    drain_seconds: int,
) -> int:
    import uvicorn

    service = await open_service()
    application = Application(service)
    settings = uvicorn.Config(
        application,
        http=limited_protocol(_within_the_systems(service.limits)),
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=drain_seconds,
    )
    server = uvicorn.Server(settings)
    _announce(server, listener, on_ready)
    try:
        await server.serve(sockets=[listener])
    finally:
        # All requests are answered or cancelled by now, so nobody waits for what still runs.
        await service.close()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
    return application.cut


def _within_the_systems(limits: Limits) -> Limits:
    """Return the limits, with no more connections than the process may have open files."""
    try:
        import resource
    except ImportError:
        return limits
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return limits
    return replace(limits, connections=max(1, min(limits.connections, files - SPARE_FILES)))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of uvloop, the faster event loop, if it is installed."""
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
            f"cannot listen on {listening.host}, port {listening.port}: {_reason(error)}"
        ) from error


def _reason(error: OSError) -> str:
    """Return the reason without the address, which Python adds and the message has already."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return "unknown address"
    return os.strerror(error.errno).lower()


def _announce(server: Any, listener: socket.socket, on_ready: Callable[[str], None] | None) -> None:
    """Have the server call ``on_ready`` with its address once it takes requests."""
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
    Keep a signal that ended the server from also ending this process.

    When uvicorn is done, it raises the signals that it caught once more.
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
