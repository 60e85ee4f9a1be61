"""The HTTP protocol of the service: uvicorn's, with bounds on what comes before a body."""

import asyncio
import json
from importlib import import_module
from typing import Any

from rbrctl.errors import require_extra
from rbrctl.rewards.serving.settings import Limits

LINE_BYTES = 4
"""Bytes of a header beside its name and value."""


def limited_protocol(limits: Limits) -> Any:
    """
    Make the class of protocols that hold a client to the limits of headers and connections.

    The parser takes headers of any size, and ever more slowly; uvicorn's own limit is for another
    one. Raises MissingExtraError without httptools.
    """
    require_extra("httptools", "serve", "the reward server")
    base: Any = import_module("uvicorn.protocols.http.httptools_impl").HttpToolsProtocol

    class LimitedProtocol(base):  # type: ignore[misc]  # imported where it is used: Any
        """Counts the bytes since the parser last had something to tell, and watches the clock."""

        pending = 0
        in_head = False
        late: asyncio.TimerHandle | None = None
        reason = (400, "this is no request that HTTP allows")

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                self.refuse(503, "too many connections: come again")
            else:
                self.watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self.unwatch()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            self.pending += len(data)
            super().data_received(data)
            if self.pending > limits.header_bytes:
                self.refuse(431, _too_long(limits))
            elif self.in_head and self.late is None:
                self.watch()

        def on_message_begin(self) -> None:
            self.in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            lines = (len(name) + len(value) + LINE_BYTES for name, value in self.headers)
            size = len(self.url) + sum(lines)
            if size > limits.header_bytes:
                self.reason = (431, _too_long(limits))
                raise ValueError(self.reason)
            self.in_head = False
            self.pending = 0
            self.unwatch()
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self.pending = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self.pending = 0
            super().on_message_complete()

        def watch(self) -> None:
            self.late = self.loop.call_later(limits.header_seconds, self.is_late)

        def unwatch(self) -> None:
            if self.late is not None:
                self.late.cancel()
                self.late = None

        def is_late(self) -> None:
            self.late = None
            if self.in_head:
                self.refuse(408, "the headers did not arrive in time")
            else:
                self.transport.close()

        def send_400_response(self, msg: str) -> None:
            """Refuse what the parser does not take; uvicorn calls it so."""
            self.refuse(*self.reason)

        def refuse(self, status: int, words: str) -> None:
            if not self.transport.is_closing():
                self.transport.write(_refusal(status, words))
                self.transport.close()

    return LimitedProtocol


def _too_long(limits: Limits) -> str:
    return f"the headers of a request may have {limits.header_bytes:,} bytes at most"


def _refusal(status: int, words: str) -> bytes:
    content = json.dumps({"error": words}).encode()
    again = b"retry-after: 1\r\n" if status == 503 else b""
    return (
        b"HTTP/1.1 %d \r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
        b"%bconnection: close\r\n\r\n%b" % (status, len(content), again, content)
    )
