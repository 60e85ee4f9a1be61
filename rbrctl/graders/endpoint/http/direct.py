"""A transport that speaks HTTP/1.1 directly over asyncio, so that it is never the bottleneck."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import TypedDict

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.address import Address
from rbrctl.graders.endpoint.http.connection import Connection
from rbrctl.graders.endpoint.http.parser import MAX_REPLY_BYTES, Response
from rbrctl.graders.endpoint.http.tls import trust, untrusted
from rbrctl.graders.endpoint.http.transport import TransportError


class DirectTransport:
    """
    Keeps idle connections on a stack, and opens a new one if none is idle.

    There are as many connections as the caller has requests in flight. The connection that was
    used last is used first, so that in quiet times the others stay idle until the server closes
    them. If a connection that has served before turns out to be dead before a byte of the reply
    has come, it is replaced, and that counts as no try of the caller's.
    """

    def __init__(
        self,
        address: Address,
        headers: Mapping[str, str],
        *,
        connect_timeout: float = 10.0,
        max_body: int = MAX_REPLY_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare the head of requests; nothing is connected yet. Raises UsageError."""
        self._address = address
        self._head_end = request_headers(address, headers)
        self._connect_timeout = connect_timeout
        self._max_body = max_body
        self._tls = (tls or trust()) if address.secure else None
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._heads: dict[tuple[str, str, str], bytes] = {}

    async def send(
        self, method: str, path: str, body: bytes, timeout: float, content_type: str
    ) -> Response:
        """Send a request to a path below the base address; see Transport."""
        request = b"%b%d\r\n\r\n%b" % (self._head(method, path, content_type), len(body), body)
        while True:
            connection = self._take_idle() or await self._connect()
            reused = connection.used
            try:
                response = await connection.exchange(request, timeout)
            except TransportError as error:
                if reused and error.unanswered:
                    # The server closed it while it was idle. Each round uses up one idle
                    # connection, so this ends with a new one at the latest.
                    continue
                raise
            finally:
                self._give_back(connection)
            return response

    async def close(self) -> None:
        """Close every connection, and let the event loop run once so that it notices."""
        for connection in self._open:
            connection.abort()
        self._open.clear()
        self._idle.clear()
        await asyncio.sleep(0)

    def _head(self, method: str, path: str, content_type: str) -> bytes:
        key = (method, path, content_type)
        head = self._heads.get(key)
        if head is None:
            text = (
                f"{method} {self._address.target(path)} HTTP/1.1\r\n{self._head_end}"
                f"Content-Type: {content_type}\r\nContent-Length: "
            )
            head = self._heads[key] = text.encode("latin-1")
        return head

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            self._open.discard(connection)
        return None

    def _give_back(self, connection: Connection) -> None:
        if connection.usable:
            self._idle.append(connection)
        else:
            self._open.discard(connection)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        where = f"{self._address.host}:{self._address.port}"
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._max_body),
                    self._address.host,
                    self._address.port,
                    ssl=self._tls,
                    **_address_racing(loop),
                )
        except ssl.SSLCertVerificationError as error:
            raise untrusted(where, error.verify_message) from error
        except ssl.SSLError as error:
            reason = f"{where} does not speak TLS as it should: {error.reason}"
            raise TransportError(reason, connected=False) from error
        except TimeoutError as error:
            reason = f"no connection to {where} within {self._connect_timeout:g} s"
            raise TransportError(reason, connected=False) from error
        except socket.gaierror as error:
            raise TransportError(f"the host {where} is not known", connected=False) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise TransportError(f"no connection to {where}: {reason}", connected=False) from error
        self._open.add(connection)
        return connection


class _Racing(TypedDict, total=False):
    """How an event loop tries the addresses of a host."""

    happy_eyeballs_delay: float


def _address_racing(loop: asyncio.AbstractEventLoop) -> _Racing:
    """Try a host's addresses in parallel if the loop can; uvloop does not know this option."""
    return {"happy_eyeballs_delay": 0.25} if isinstance(loop, asyncio.BaseEventLoop) else {}


def request_headers(address: Address, headers: Mapping[str, str]) -> str:
    """
    Return the header lines that all requests share.

    Raises UsageError if a name or value could break out of its line. The message never shows a
    value, which may be a key.
    """
    lines = [f"Host: {address.authority}\r\n"]
    for name, value in headers.items():
        if not name.isascii() or any(character in name for character in " :\r\n\t"):
            raise UsageError(f"{name[:60]!r} is not the name of a header")
        if any(ord(character) < 0x20 or ord(character) > 0xFF for character in value):
            raise UsageError(
                f"the value of header {name!r} has characters that no header holds"
                " (for a key: look for a line break or a typographic dash in it)"
            )
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines)
