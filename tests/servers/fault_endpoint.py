"""
An endpoint on loopback that misbehaves in whatever way a test asks, on asyncio streams.

A plan gives each request its behaviour: a function of the request that returns the raw bytes to
send (or an iterator of them, with pauses), after which the connection stays open or closes.
"""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"


@dataclass
class Request:
    """A request as the server saw it."""

    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    """How many came before it."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What to send back and how to end."""

    status: str = "200 OK"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    delay: float = 0.0
    """Seconds before the first byte."""
    cut_at: int | None = None
    """Send only that many bytes of the whole response and close."""
    drip: float = 0.0
    """Seconds between single bytes."""
    raw: bytes | None = None
    """The whole response, head and all, in place of the above."""
    close: bool = False

    def encoded(self) -> bytes:
        if self.raw is not None:
            return self.raw
        headers = {"Content-Type": self.content_type, "Content-Length": str(len(self.body))}
        lines = [f"HTTP/1.1 {self.status}"]
        lines += [f"{name}: {value}" for name, value in (headers | self.headers).items() if value]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Plan = Callable[[Request], Reply | Awaitable[Reply]]


def json_reply(value: Any, **options: Any) -> Reply:
    """Send a value as JSON."""
    return Reply(body=json.dumps(value).encode(), **options)


def token(text: str, probability: float, alternatives: dict[str, float] | None = None) -> Any:
    """Build an entry of logprobs.content."""
    entry = {"token": text, "logprob": math.log(probability), "bytes": None}
    if alternatives is not None:
        entry["top_logprobs"] = [
            {"token": word, "logprob": math.log(p), "bytes": None}
            for word, p in alternatives.items()
        ]
    return entry


def chat(text: str | None, logprobs: Any = None, finish: str = "stop", **message: Any) -> Any:
    """Build a chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "fault-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "logprobs": None if logprobs is None else {"content": logprobs},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101},
    }


def yes(probability: float = 0.8) -> Any:
    """Build a chat completion whose first token is yes with that probability."""
    alternatives = {"Yes": probability * 0.99, "No": (1 - probability) * 0.99}
    return chat("Yes", [token("Yes", probability * 0.99, alternatives)])


class FaultEndpoint:
    """A server that follows a plan; counts what it saw."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests: list[Request] = []
        self.active = 0
        self.most_active = 0
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                while await self._one(reader, writer):
                    pass
        finally:
            self._handlers.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head.strip().split("\r\n")
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(first.split(" ")[1], headers, body, len(self.requests))
        self.requests.append(request)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            reply = self.plan(request)
            if not isinstance(reply, Reply):
                reply = await reply
            return await self._send(reply, writer)
        finally:
            self.active -= 1

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(reply.delay)
        data = reply.encoded()
        if reply.drip:
            for byte in data:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(reply.drip)
        writer.write(data[: reply.cut_at])
        await writer.drain()
        return reply.cut_at is None and not reply.close


@contextlib.asynccontextmanager
async def serving(plan: Plan) -> AsyncIterator[FaultEndpoint]:
    """Run a fault endpoint for the length of a block."""
    endpoint = FaultEndpoint(plan)
    await endpoint.start()
    try:
        yield endpoint
    finally:
        await endpoint.stop()
