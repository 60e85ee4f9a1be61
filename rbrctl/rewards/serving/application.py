"""The service's endpoints, as an ASGI application."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from rbrctl.rewards.serving.access import (
    CHALLENGE,
    RefusalError,
    brings_token,
    check_content_type,
    check_origin,
)
from rbrctl.rewards.serving.metrics import CONTENT_TYPE
from rbrctl.rewards.serving.service import Service

REMOTE_PATHS = ("/", "/get_reward")
"""The paths of OpenRLHF's contract."""
LEFT = 499
"""The status in the metrics for clients that left before their request was complete."""
PLACES = f"POST {', '.join(('/reward', *REMOTE_PATHS))}; GET /healthz, /metrics"
PLAIN = "text/plain; charset=utf-8"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Response:
    """A reply before it is sent."""

    status: int
    content: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class _ClientLeftError(Exception):
    """The client closed the connection before its request was whole."""


class Application:
    """
    Routes requests to a service; ``cut`` counts those that were cut off at the end.

    Every request gets a reply, counted by path and status.
    """

    def __init__(self, service: Service) -> None:
        """Bind to a service."""
        self.cut = 0
        self._service = service
        remote = dict.fromkeys(REMOTE_PATHS, service.remote)
        self._posts = {"/reward": service.reward, **remote}
        self._gets = {"/healthz": self._health, "/metrics": self._metrics}

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        start = time.perf_counter()
        path, status = scope["path"], LEFT
        try:
            response = await self._respond(scope, receive)
            status = response.status
            await _send(response, send)
        except _ClientLeftError:
            pass
        finally:
            ours = path in self._posts or path in self._gets
            self._service.metrics.count(path if ours else "other", status)
            if path in self._posts:
                self._service.metrics.observe(time.perf_counter() - start)

    async def _respond(self, scope: Mapping[str, Any], receive: Receive) -> Response:
        try:
            return await self._answer(scope, receive)
        except RefusalError as error:
            return _refusal(error.status, str(error))
        except _ClientLeftError:
            raise
        except asyncio.CancelledError:
            # Only the end of the server cancels a request: the client is told, and may try again.
            self.cut += 1
            return _refusal(503, "the server was stopped before this was graded: come again")
        except Exception:
            _log.exception("a request to %s failed unexpectedly", scope["path"])
            return _refusal(500, "the server failed at this request; its log says how")

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Response:
        method, path = scope["method"], scope["path"]
        headers = dict(scope["headers"])
        if self._service.token is None:
            check_origin(scope["headers"])
        if method == "POST" and (answer := self._posts.get(path)) is not None:
            self._check_token(headers)
            if self._service.token is None:
                check_content_type(scope["headers"])
            reply = await answer(await self._body(headers, receive))
            return Response(200, _json(reply))
        if method in ("GET", "HEAD") and (page := self._gets.get(path)) is not None:
            return page(headers)
        return self._elsewhere(method, path)

    def _health(self, headers: Mapping[bytes, bytes]) -> Response:
        if self._service.has_stopped():
            return Response(503, b"the grader has stopped\n", PLAIN)
        return Response(200, b"ok\n", PLAIN)

    def _metrics(self, headers: Mapping[bytes, bytes]) -> Response:
        self._check_token(headers)
        return Response(200, self._service.metrics_page().encode(), CONTENT_TYPE)

    def _elsewhere(self, method: str, path: str) -> Response:
        allowed = "POST" if path in self._posts else "GET, HEAD" if path in self._gets else ""
        words = f"{method} {path[:200]} is nothing here; there are {PLACES}"
        return _refusal(405 if allowed else 404, words, {"allow": allowed} if allowed else {})

    def _check_token(self, headers: Mapping[bytes, bytes]) -> None:
        """Raise RefusalError where the token is missing or wrong."""
        token = self._service.token
        if token is not None and not brings_token(headers.get(b"authorization", b""), token):
            raise RefusalError(401, "send the server's token as 'Authorization: Bearer TOKEN'")

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Read a body within the limits of size and time. Raises RefusalError."""
        limits = self._service.limits
        encoding = headers.get(b"content-encoding", b"identity").decode("latin-1")
        if encoding.strip().lower() != "identity":
            raise RefusalError(415, f"Content-Encoding: {encoding[:40]} is not read; send it plain")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > limits.body_bytes:
            raise _too_large(limits.body_bytes)
        body, more = b"", True
        try:
            async with asyncio.timeout(limits.body_seconds):
                parts: list[bytes] = []
                size = 0
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _ClientLeftError
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > limits.body_bytes:
                        raise _too_large(limits.body_bytes)
                    more = message.get("more_body", False)
                body = parts[0] if len(parts) == 1 else b"".join(parts)
        except TimeoutError:
            raise RefusalError(408, "the body did not arrive in time") from None
        return body


def _too_large(most: int) -> RefusalError:
    return RefusalError(413, f"a body may have {most:,} bytes at most")


def _refusal(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    given = dict(headers or {})
    if status == 503:
        given["retry-after"] = "1"
    if status == 401:
        given["www-authenticate"] = CHALLENGE
    if status in (401, 403, 404, 405, 408, 413, 415):
        # The body has not been read, or not to its end.
        given["connection"] = "close"
    return Response(status, _json({"error": words}), headers=given)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


async def _send(response: Response, send: Send) -> None:
    headers = [
        (b"content-type", response.kind.encode()),
        (b"content-length", b"%d" % len(response.content)),
    ]
    headers += [
        (name.encode(), value.encode("latin-1")) for name, value in response.headers.items()
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
