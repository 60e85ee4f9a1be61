"""kill -9 at any moment, many times: no answer lost, none paid for twice but those in flight."""

import asyncio
import hashlib
import json
import os
import random
import sys
from collections import Counter
from pathlib import Path

from examples import THOROUGH
from servers.fault_endpoint import Reply, Request, json_reply, serving, yes

KILLS = 20 if THOROUGH else 6
CONCURRENCY = 8
TRANSCRIPTS = 120
RUN = """
import asyncio, json, sys
from pathlib import Path
from endpoint_helpers import make_grader, transcript
from rbrctl.graders.cache import AnswerCache

async def main(url, cache, count, concurrency):
    grader = await make_grader(url, AnswerCache(Path(cache)), concurrency=int(concurrency))
    texts = [transcript(f"text {i}") for i in range(int(count))]
    rows = await asyncio.gather(*(grader.answer(text, ["apology", "judgement"]) for text in texts))
    await grader.close()
    print(json.dumps([{n: a.probability for n, a in row.items()} for row in rows]))

asyncio.run(main(*sys.argv[1:]))
"""


def answer(request: Request) -> Reply:
    """Answer each question with a probability of its own."""
    digest = hashlib.sha256(request.body).digest()
    return json_reply(yes(0.05 + 0.9 * digest[0] / 255), delay=0.004)


async def start(url: str, cache: Path) -> asyncio.subprocess.Process:
    arguments = (url, str(cache), str(TRANSCRIPTS), str(CONCURRENCY))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def finish(url: str, cache: Path) -> str:
    process = await start(url, cache)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def calls_reach(
    requests: list[Request], count: int, process: asyncio.subprocess.Process
) -> None:
    while len(requests) < count and process.returncode is None:
        await asyncio.sleep(0.002)


def test_many_kills_change_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        draw = random.Random(20)
        async with serving(answer) as endpoint:
            undisturbed = await finish(endpoint.base_url, tmp_path / "one.sqlite")
            endpoint.requests.clear()
            kills = 0
            while kills < KILLS:
                more = draw.randint(1, 2 * TRANSCRIPTS // KILLS)
                process = await start(endpoint.base_url, tmp_path / "two.sqlite")
                await calls_reach(endpoint.requests, len(endpoint.requests) + more, process)
                if process.returncode is None:
                    process.kill()
                await process.communicate()
                kills += 1
            assert await finish(endpoint.base_url, tmp_path / "two.sqlite") == undisturbed
            # Not the question of the probe, which precedes the run.
            asked = [request for request in endpoint.requests if b"text " in request.body]
            times = Counter(request.body for request in asked)
            assert len(times) == 2 * TRANSCRIPTS
            assert times.total() - len(times) <= KILLS * CONCURRENCY
            assert len(json.loads(undisturbed)) == TRANSCRIPTS

    asyncio.run(run())
