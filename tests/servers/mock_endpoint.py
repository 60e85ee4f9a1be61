"""
A mock endpoint that answers at once, for benchmarks and tests: canned replies, no parsing of JSON.

Run it by itself: ``python tests/servers/mock_endpoint.py --latency 0.05`` prints its port and
serves until its standard input closes.
"""

import argparse
import asyncio
import json
import math
import sys
from typing import ClassVar

MODEL = "mock-1"


def chat_reply(probability: float = 0.8, top: int = 5) -> bytes:
    """Build a chat completion that says yes with logprobs, as OpenAI writes it."""
    spellings = [("Yes", probability * 0.9), ("No", (1 - probability) * 0.9)]
    spellings += [(" yes", probability * 0.1), (" no", (1 - probability) * 0.1)]
    spellings += [(f"w{index}", 1e-6) for index in range(max(top - 4, 0))]
    entries = [
        {"token": token, "logprob": math.log(p), "bytes": list(token.encode())}
        for token, p in spellings[:top]
    ]
    content = [{**entries[0], "top_logprobs": entries}]
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Yes", "refusal": None},
                    "logprobs": {"content": content, "refusal": None},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 400, "completion_tokens": 1, "total_tokens": 401},
        }
    ).encode()


def decisions_reply(count: int) -> bytes:
    """Build a decisions reply with that many predicate answers."""
    answers = [{"type": "predicate", "name": None, "probability": 0.8} for _ in range(count)]
    usage = {"input_tokens": 900, "output_tokens": 0, "total_tokens": 900}
    return json.dumps({"model": MODEL, "answers": answers, "usage": usage}).encode()


def response(body: bytes, status: str = "200 OK") -> bytes:
    """Frame a JSON body as a whole HTTP response."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class MockEndpoint(asyncio.Protocol):
    """Reads requests by their Content-Length and writes the canned reply of their path."""

    latency = 0.0
    chat = response(chat_reply())
    models = response(json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode())
    missing = response(b'{"error": {"message": "no such path"}}', "404 Not Found")
    decisions_by_count: ClassVar[dict[int, bytes]] = {}

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = bytearray()

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            at = head.find(b"content-length: ")
            length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            self.reply(self.choose(head.split(b" ", 2)[1], body))

    def choose(self, path, body):
        if path.endswith(b"/chat/completions"):
            return self.chat
        if path.endswith(b"/decisions"):
            count = body.count(b'"predicate"')
            if count not in self.decisions_by_count:
                self.decisions_by_count[count] = response(decisions_reply(count))
            return self.decisions_by_count[count]
        return self.models if path.endswith(b"/models") else self.missing

    def reply(self, data):
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, data)
        else:
            self.transport.write(data)


async def serve(latency: float, port: int) -> None:
    """Serve until standard input ends."""
    MockEndpoint.latency = latency
    loop = asyncio.get_running_loop()
    server = await loop.create_server(MockEndpoint, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.latency, arguments.port))
