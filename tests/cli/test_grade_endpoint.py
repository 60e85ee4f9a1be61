"""``rbrctl grade`` over an endpoint, as a process: faults, a second run that mends, kill -9."""

import asyncio
import hashlib
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from examples import THOROUGH
from servers.fault_endpoint import (
    FaultEndpoint,
    Reply,
    Request,
    chat,
    json_reply,
    serving,
    token,
    yes,
)

KILLS = 20 if THOROUGH else 6
COUNT = 60


def write_transcripts(folder: Path) -> None:
    rows = [
        {
            "id": f"t{i}",
            "prompt": f"Request {i}",
            "completion": f"Sorry, I cannot do {i}.",
            "response_class": "comply" if i % 2 else "hard_refuse",
        }
        for i in range(COUNT)
    ]
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")


def answer(request: Request, delay: float = 0.0) -> Reply:
    """Answer each question with a probability of its own."""
    digest = hashlib.sha256(request.body).digest()
    return json_reply(yes(0.05 + 0.9 * digest[0] / 255), delay=delay)


async def start(folder: Path, endpoint: FaultEndpoint, name: str) -> asyncio.subprocess.Process:
    at = ["--model", "m", "--base-url", endpoint.base_url, "--mode", "logprobs"]
    files = ["-o", f"{name}.jsonl", "--cache", f"{name}.sqlite", "--concurrency", "8"]
    arguments = ["grade", "t.jsonl", *at, *files, "--retries", "0", "-f", "json"]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rbrctl",
        *arguments,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def grade(folder: Path, endpoint: FaultEndpoint, name: str) -> tuple[int, str]:
    process = await start(folder, endpoint, name)
    _, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, err.decode()


def results(folder: Path, name: str) -> dict[str, Any]:
    rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    found = {row["id"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_half_the_calls_faulty_is_incomplete_and_a_second_run_mends_it(tmp_path: Path) -> None:
    write_transcripts(tmp_path)
    faults = [
        Reply("500 X"),
        Reply(cut_at=0),
        Reply(cut_at=100, body=json_reply(yes()).body),
        Reply(body=b"{"),
        Reply("400 X", b"bad luck"),
        json_reply({"error": "x"}),
        json_reply(chat("Hm", [token("Hm", 0.9, {"Hm": 0.9})])),
    ]
    faulty = False

    def plan(request: Request) -> Reply:
        if faulty and request.number % 2 and b"Request " in request.body:
            return faults[request.number // 2 % len(faults)]
        return answer(request)

    async def run() -> None:
        nonlocal faulty
        async with serving(plan) as endpoint:
            assert (await grade(tmp_path, endpoint, "good"))[0] == 0
            faulty = True
            code, err = await grade(tmp_path, endpoint, "bad")
            assert code == 4
            assert "answers failed; the first reason:" in err
            first = results(tmp_path, "bad")
            assert first.keys() == results(tmp_path, "good").keys()
            answers = [a for row in first.values() for a in row["answers"].values()]
            assert all(("p" in a) != ("error" in a) for a in answers)
            assert any("error" in a for a in answers)
            faulty = False
            assert (await grade(tmp_path, endpoint, "bad"))[0] == 0
            assert results(tmp_path, "bad") == results(tmp_path, "good")

    asyncio.run(run())


def test_kill_9_again_and_again_gives_the_same_results(tmp_path: Path) -> None:
    write_transcripts(tmp_path)

    async def run() -> None:
        draw = random.Random(9)
        async with serving(lambda request: answer(request, 0.01)) as endpoint:
            assert (await grade(tmp_path, endpoint, "undisturbed"))[0] == 0
            calls = len(endpoint.requests)
            for _ in range(KILLS):
                until = len(endpoint.requests) + draw.randint(1, 2 * calls // KILLS)
                process = await start(tmp_path, endpoint, "killed")
                while len(endpoint.requests) < until and process.returncode is None:
                    await asyncio.sleep(0.002)
                await asyncio.sleep(draw.random() * 0.02)
                if process.returncode is None:
                    process.kill()
                await process.communicate()
            assert (await grade(tmp_path, endpoint, "killed"))[0] == 0
            assert results(tmp_path, "killed") == results(tmp_path, "undisturbed")
            assert len(endpoint.requests) <= 2 * calls + KILLS * (8 + 1)

    asyncio.run(run())
