"""A sans-I/O reader of HTTP/1.1 responses that trusts nothing the server sends."""

import re
import zlib
from dataclasses import dataclass, field

MAX_HEAD_BYTES = 64 * 1024
MAX_REPLY_BYTES = 4 * 1024 * 1024
"""The largest body that is read; decoded JSON can take fifty times as much memory."""
MAX_INTERIM_RESPONSES = 16
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: .*)?")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_BODILESS = frozenset({204, 205, 304})


class ProtocolError(Exception):
    """The bytes are not an HTTP/1.1 response, or one that exceeds a limit."""


class BodyTooLargeError(ProtocolError):
    """The body is larger than the parser accepts."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response: its status, its headers (names in lower case) and its decoded body."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class ResponseParser:
    """
    Takes bytes as they come and returns one response.

    How the body ends is decided as RFC 9112, section 6.3, has it: by ``Transfer-Encoding:
    chunked``, else by ``Content-Length``, else by the end of the connection. ``max_body`` bounds
    the body in bytes, before and after decompression. Once the response is whole, ``reusable``
    says whether the connection may carry another request.

    The parser is a state machine: ``_read`` is the method for what comes next. It returns True if
    it got on and more may be read from the buffer, and False if more bytes are needed.
    """

    def __init__(self, max_body: int) -> None:
        """Start in front of the status line."""
        self._max_body = max_body
        self._buffer = bytearray()
        self._read = self._read_head
        self._status = 0
        self._headers: dict[str, str] = {}
        self._interim = 0
        self._remaining = 0
        self._body: list[bytes] = []
        self._body_size = 0
        self._keep_alive = False
        self.response: Response | None = None
        self.reusable = False

    @property
    def started(self) -> bool:
        """True once a byte has come."""
        return bool(self._status or self._buffer)

    def feed(self, data: bytes) -> Response | None:
        """Take bytes; return the response once it is whole. Raises ProtocolError."""
        if self.response is not None:
            # Bytes that nobody asked for: the next reply on this connection could be a forged one.
            self.reusable = False
            return self.response
        self._buffer += data
        while self.response is None and self._read():
            pass
        if self.response is not None and self._buffer:
            self.reusable = False
        return self.response

    def end(self) -> Response | None:
        """Take the end of the connection; return the response if that is what ends its body."""
        if self.response is None and self._read == self._read_until_end:
            self._finish()
            self.reusable = False
        return self.response

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise ProtocolError(f"a response head of more than {MAX_HEAD_BYTES:,} bytes")
            # Something else than HTTP is told at its first bytes, and not after the time limit.
            if self._buffer and not b"HTTP/1.".startswith(self._buffer[:7]):
                raise ProtocolError("the reply does not begin like HTTP/1.1")
            return False
        if end > MAX_HEAD_BYTES:
            raise ProtocolError(f"a response head of more than {MAX_HEAD_BYTES:,} bytes")
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        status_line = _STATUS_LINE.fullmatch(lines[0])
        if status_line is None:
            raise ProtocolError("the reply does not begin like HTTP/1.1")
        self._status = int(status_line[2])
        self._headers = _headers(lines[1:])
        if self._status < 200:
            return self._skip_interim()
        self._keep_alive = self._wants_keep_alive(status_line[1] == b"1")
        self._choose_framing()
        return True

    def _skip_interim(self) -> bool:
        # 100 and 103 may come first; 101 would hand the connection to another protocol.
        self._interim += 1
        if self._interim > MAX_INTERIM_RESPONSES or self._status == 101:
            raise ProtocolError(f"an unexpected interim response, status {self._status}")
        return True

    def _wants_keep_alive(self, is_http_11: bool) -> bool:
        tokens = {token.strip() for token in self._headers.get("connection", "").lower().split(",")}
        return "close" not in tokens if is_http_11 else "keep-alive" in tokens

    def _choose_framing(self) -> None:
        coding = self._headers.get("transfer-encoding")
        length = self._headers.get("content-length")
        if self._status in _BODILESS:
            self._finish()
        elif coding is not None:
            if coding.lower() != "chunked":
                raise ProtocolError(f"a transfer coding that is not 'chunked': {coding[:40]!r}")
            if length is not None:
                # Both at once may be an attempt at response splitting (RFC 9112, section 6.3).
                self._keep_alive = False
            self._read = self._read_chunk_size
        elif length is not None:
            self._remaining = _content_length(length)
            if self._remaining > self._max_body:
                # Refused by what it announces: not a byte of it is read.
                raise BodyTooLargeError(self._too_large(self._remaining))
            self._read = self._read_fixed
        else:
            self._read = self._read_until_end

    def _read_fixed(self) -> bool:
        if len(self._buffer) < self._remaining:
            return False
        self._body.append(bytes(self._buffer[: self._remaining]))
        del self._buffer[: self._remaining]
        self._finish()
        return True

    def _read_until_end(self) -> bool:
        self._take(len(self._buffer))
        return False

    def _read_chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise ProtocolError("a chunk without a size")
        self._remaining = int(size[1], 16)
        self._read = self._read_chunk if self._remaining else self._read_trailer
        return True

    def _read_chunk(self) -> bool:
        # The size is the server's word alone: what is kept is bounded by what came (_take).
        taken = min(self._remaining, len(self._buffer))
        self._take(taken)
        self._remaining -= taken
        if self._remaining or len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise ProtocolError("a chunk that is longer than its size")
        del self._buffer[:2]
        self._read = self._read_chunk_size
        return True

    def _read_trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            self._finish()
            return True
        # Trailers are read over, but a server could send them for ever.
        self._interim += 1
        if self._interim > 100:
            raise ProtocolError("more than 100 trailer lines")
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end > 4096 or (end < 0 and len(self._buffer) > 4096):
            raise ProtocolError("a chunk line of more than 4,096 bytes")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, size: int) -> None:
        if not size:
            return
        self._body_size += size
        if self._body_size > self._max_body:
            raise BodyTooLargeError(self._too_large(self._body_size))
        self._body.append(bytes(self._buffer[:size]))
        del self._buffer[:size]

    def _too_large(self, size: int) -> str:
        return f"a reply of {size:,} bytes or more, where {self._max_body:,} are the most taken"

    def _finish(self) -> None:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        coding = self._headers.get("content-encoding", "identity").lower()
        if coding not in {"identity", ""}:
            body = _decompress(body, coding, self._max_body)
        self.reusable = self._keep_alive
        self.response = Response(self._status, self._headers, body)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ProtocolError("a header line that is not 'name: value'")
        name = match[1].decode("ascii").lower()
        value = match[2].decode("latin-1")
        if name in headers:
            # A repeated field is one list (RFC 9110, section 5.3).
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _content_length(text: str) -> int:
    """Read a length; repeated equal values are one (RFC 9110, section 8.6)."""
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not re.fullmatch(r"[0-9]{1,15}", value):
        raise ProtocolError(f"a Content-Length that is no single number: {text[:40]!r}")
    return int(value)


def _decompress(body: bytes, coding: str, max_body: int) -> bytes:
    if coding in {"gzip", "x-gzip"}:
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
    elif coding == "deflate":
        # Some servers send raw deflate data without the zlib header (RFC 9110, section 8.4.1.2).
        raw = bool(body) and (body[0] & 0x0F) != 8
        decoder = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    else:
        raise ProtocolError(f"a content coding that was not asked for: {coding[:40]!r}")
    try:
        # One byte more than is allowed is enough to notice a compression bomb.
        text = decoder.decompress(body, max_body + 1)
    except zlib.error as error:
        raise ProtocolError(f"a body that is not {coding} as it says: {error}") from error
    if len(text) > max_body:
        raise BodyTooLargeError(f"a compressed reply that unpacks to more than {max_body:,} bytes")
    if not decoder.eof:
        raise ProtocolError(f"a {coding} body that ends too early")
    return text
