"""The response reader: against h11 as oracle, and against hostile bytes."""

import gzip
import itertools
import zlib

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.graders.endpoint.http.parser import (
    BodyTooLargeError,
    ProtocolError,
    Response,
    ResponseParser,
)

LIMIT = 10_000


def read(data: bytes, *cuts: int, end: bool = True) -> tuple[Response | None, ResponseParser]:
    parser = ResponseParser(LIMIT)
    bounds = [0, *sorted(cuts), len(data)]
    for start, stop in itertools.pairwise(bounds):
        parser.feed(data[start:stop])
    if end:
        parser.end()
    return parser.response, parser


def oracle(data: bytes) -> tuple[int, bytes]:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    status, body = 0, b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
    return status, body


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    body = draw(st.binary(max_size=300))
    status = draw(st.sampled_from(["200 OK", "429 Too Many Requests", "500 ", "404 x y"]))
    head = f"HTTP/1.1 {status}\r\nServer: x\r\n"
    interim = draw(
        st.sampled_from(["", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 E\r\nA: b\r\n\r\n"])
    )
    framing = draw(st.sampled_from(["length", "chunked", "end"]))
    if framing == "length":
        return f"{interim}{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    if framing == "end":
        return f"{interim}{head}Connection: close\r\n\r\n".encode() + body
    chunks = b""
    while body:
        size = draw(st.integers(1, len(body)))
        chunks += b"%x%b\r\n%b\r\n" % (size, draw(st.sampled_from([b"", b";a=b"])), body[:size])
        body = body[size:]
    trailer = draw(st.sampled_from([b"", b"X-T: 1\r\n"]))
    head_bytes = f"{interim}{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    return head_bytes + chunks + b"0\r\n" + trailer + b"\r\n"


@given(responses(), st.data())
def test_reads_what_h11_reads_however_it_is_cut(data: bytes, draw: st.DataObject) -> None:
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=6))
    response, _ = read(data, *cuts)
    assert response is not None
    assert (response.status, response.body) == oracle(data)


@given(st.binary(max_size=400))
def test_never_fails_but_with_its_own_error(data: bytes) -> None:
    try:
        read(b"HTTP/1.1 200 OK\r\n" + data)
        read(data)
    except ProtocolError:
        pass


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2", True),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2", True),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2", False),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2", False),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2", True),
    ],
)
def test_keeps_a_connection_only_where_the_server_does(head: str, reusable: bool) -> None:
    response, parser = read(f"{head}\r\n\r\nok".encode(), end=False)
    assert response is not None
    assert response.body == b"ok"
    assert parser.reusable is reusable


def test_bytes_after_a_response_end_the_connection() -> None:
    _, parser = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200", end=False)
    assert not parser.reusable


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not begin like HTTP/1.1"),
        (b"SSH-2.0-OpenSSH", "does not begin like HTTP/1.1"),
        (b"HTTP/2 200\r\n\r\n", "does not begin like HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "no single number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no single number"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "'name: value'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not 'chunked'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk without a size"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            "longer than its size",
        ),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "interim response"),
        (b"HTTP/1.1 100 C\r\n\r\n" * 20, "interim response"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000, "head of more than"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\na", "not asked for"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "not gzip"),
    ],
)
def test_names_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        read(data)


def encoded(coding: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_unpacks_gzip_and_both_kinds_of_deflate() -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bodies = {
        "gzip": gzip.compress(b"hello"),
        "deflate": zlib.compress(b"hello"),
        "Deflate": raw.compress(b"hello") + raw.flush(),
    }
    for coding, body in bodies.items():
        response, _ = read(encoded(coding, body))
        assert response is not None
        assert response.body == b"hello"


def test_a_cut_gzip_body_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="ends too early"):
        read(encoded("gzip", gzip.compress(b"hello" * 100)[:-9]))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (LIMIT + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"a" * (LIMIT + 1),
        encoded("gzip", gzip.compress(b"a" * 10 * LIMIT)),
    ],
)
def test_bounds_a_body_however_it_is_framed(data: bytes) -> None:
    with pytest.raises(BodyTooLargeError, match="10,000"):
        read(data)
