"""
How fast the endpoint grader is: calls and propositions a second, and memory, whole process.

``python tests/benchmarks/endpoint_client.py`` starts a mock endpoint on loopback and runs each
case in a process of its own: bare asyncio streams, the grader in chat mode (cache writes on) at
several widths and latencies, decisions mode, 10,000 cached transcripts, and 1,000,000 pending
questions. With ``--openai-python PYTHON`` (an interpreter that has the openai package) its loop is
measured in the same run, and ratios are printed.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()
HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
MOCK = REPOSITORY / "tests" / "servers" / "mock_endpoint.py"
PROPOSITIONS_A_CALL = 20


def report(**figures: float) -> None:
    """Print one case's figures for the parent process, with the peak memory in MB."""
    # Found beside this file, as which it runs: nothing else calls this.
    from peak_memory import peak_megabytes

    figures["seconds"] = time.perf_counter() - STARTED
    figures["megabytes"] = peak_megabytes()
    print(json.dumps(figures))


def words(index: int) -> tuple[str, str]:
    """Make a short conversation that no other index has."""
    return f"Request {index}. " + "word " * 60, "I am sorry, I cannot. " * 8


async def streams(url: str, connections: int, calls: int) -> None:
    """Send requests over bare asyncio streams, one connection a worker."""
    port = int(url.split(":")[2].split("/")[0])
    numbers = iter(range(calls))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            messages = [{"role": "user", "content": " ".join(words(number))}]
            body = json.dumps({"model": "m", "messages": messages}).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
            writer.write(head.encode() + b"\r\n\r\n" + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0])
            json.loads(await reader.readexactly(size))
        writer.close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    report(calls=calls)


async def openai_loop(url: str, connections: int, calls: int) -> None:
    """Call through the openai package's asynchronous client as it is installed."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="x", base_url=url, max_retries=0)
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            reply = await client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": " ".join(words(number))}],
                logprobs=True,
                top_logprobs=5,
                max_tokens=1,
            )
            assert reply.choices[0].message.content == "Yes"

    await asyncio.gather(*(worker() for _ in range(connections)))
    report(calls=calls)


async def grader(
    url: str, connections: int, transcripts: int, each: int, mode: str, cache: str | None = None
) -> None:
    """Answer transcripts as a run does: as many in flight as there are connections."""
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.opening import open_grader
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.graders.modes import Mode
    from rbrctl.records.models import Message, Transcript
    from rbrctl.ruleset.loader import load

    ruleset = load(REPOSITORY / "rules")
    names = list(ruleset.propositions)[:each]
    settings = EndpointSettings(url, "mock-1", mode=Mode(mode), concurrency=connections)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(cache) if cache else Path(folder) / "answers.sqlite"
        opened = await open_grader(ruleset, settings, AnswerCache(path))

        def items() -> Iterator[Transcript]:
            for number in range(transcripts):
                user, assistant = words(number)
                prompt, completion = Message("user", user), Message("assistant", assistant)
                yield Transcript(str(number), (prompt,), (completion,))

        stream = items()
        answers = 0

        async def worker() -> None:
            nonlocal answers
            for transcript in stream:
                found = await opened.answer(transcript, names)
                answers += len(found)

        await asyncio.gather(*(worker() for _ in range(opened.concurrency)))
        calls = opened.usage.calls
        await opened.close()
    report(calls=calls, answers=answers)


CASES = {"streams": streams, "openai": openai_loop, "grader": grader}


def measure(python: str, case: str, *arguments: Any) -> dict[str, float]:
    """Run one case in a process of its own and add its rates a second."""
    script = [python, str(Path(__file__)), "--case", case, *map(str, arguments)]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(script, capture_output=True, text=True, env=environment, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    for name in ("calls", "answers"):
        if name in figures:
            figures[f"{name}_a_second"] = figures[name] / figures["seconds"]
    return figures


class Mock:
    """A mock endpoint in its own process for the length of a block."""

    def __init__(self, latency: float) -> None:
        self.latency = latency

    def __enter__(self) -> str:
        command = [sys.executable, str(MOCK), "--latency", str(self.latency)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self.process.stdout is not None
        return f"http://127.0.0.1:{int(self.process.stdout.readline())}/v1"

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def show(title: str, figures: dict[str, float], **ratios: float) -> None:
    """Print one line of the report."""
    rates = [f"{value:>9,.0f} {name}" for name, value in figures.items() if "a_second" in name]
    parts = [f"{title:<34}", *rates, f"{figures['megabytes']:>5.0f} MB"]
    parts += [f"{value:.2f} x {name}" for name, value in ratios.items() if value]
    print("  ".join(parts), flush=True)


def main(openai_python: str | None, calls: int, pending: int) -> None:
    """Measure everything and print it."""
    python, transcripts = sys.executable, calls // 10
    for latency in (0.0, 0.05):
        with Mock(latency) as url:
            bare = measure(python, "streams", url, 64, calls)
            show(f"bare streams, {latency * 1000:g} ms, 64", bare)
            loop = measure(openai_python, "openai", url, 64, calls // 2) if openai_python else None
            if loop:
                show(f"openai loop, {latency * 1000:g} ms, 64", loop)
            for width in (16, 64, 256):
                chat = measure(python, "grader", url, width, transcripts, 10, "logprobs")
                rate = chat["calls_a_second"]
                ratios = {"bare": rate / bare["calls_a_second"]}
                if loop:
                    ratios["openai"] = rate / loop["calls_a_second"]
                show(f"chat, {latency * 1000:g} ms, {width}", chat, **ratios)
            if not latency:
                many = measure(
                    python, "grader", url, 64, calls // 2, PROPOSITIONS_A_CALL, "decisions"
                )
                ratio = many["answers_a_second"] / loop["calls_a_second"] if loop else 0.0
                show("decisions, 0 ms, 64", many, openai=ratio)
                again = cached_again(python, url, 10_000)
                show(f"10,000 cached: {again['seconds']:.1f} s", again)
    with Mock(0.0) as url:
        items = pending // PROPOSITIONS_A_CALL
        show(
            f"{pending:,} questions, streamed",
            measure(python, "grader", url, 64, items, PROPOSITIONS_A_CALL, "decisions"),
        )


def cached_again(python: str, url: str, transcripts: int) -> dict[str, float]:
    """Answer transcripts, then measure answering them once more from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = (url, 64, transcripts, 10, "decisions", Path(folder) / "answers.sqlite")
        measure(python, "grader", *arguments)
        return measure(python, "grader", *arguments)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openai-python")
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--pending", type=int, default=1_000_000)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("arguments", nargs="*")
    chosen = parser.parse_args()
    if chosen.case:
        values = [int(text) if text.isdigit() else text for text in chosen.arguments]
        asyncio.run(CASES[chosen.case](*values))
    else:
        main(chosen.openai_python, chosen.calls, chosen.pending)
