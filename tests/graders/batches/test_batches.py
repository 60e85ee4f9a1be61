"""Batch files out, answers back, nothing asked twice; and a server's batches driven."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from endpoint_helpers import KEY, make_grader, settings, transcript
from servers.fault_endpoint import Plan, Reply, Request, chat, json_reply, serving, yes

from rbrctl.errors import FileError, GraderError, UsageError
from rbrctl.graders.batches.reading import BatchFileCounts, read_batch_file
from rbrctl.graders.batches.requests import BatchRequest, requests_of, write_shards
from rbrctl.graders.batches.service import BatchService, read_state, write_state
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.http.address import parse_address
from rbrctl.graders.endpoint.opening import open_grader, open_transport
from rbrctl.graders.modes import Mode

BASE = "http://batch.invalid/v1"
EXPIRED = {"code": "batch_expired", "message": "too late"}
NAMES = ["apology", "judgement"]
WORK = [(transcript(f"text {i % 5}"), NAMES) for i in range(6)]


async def write(cache_file: Path, prefix: Path, **limits: int) -> list[Path]:
    from endpoint_helpers import make_ruleset

    cache = AnswerCache(cache_file)
    grader = await open_grader(
        make_ruleset(), settings(BASE), cache, offline=True, keep_assumptions=True
    )
    try:
        return write_shards(requests_of(grader, cache, WORK), prefix, **limits)
    finally:
        await grader.close()


def lines_of(paths: list[Path]) -> list[Any]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def answered(row: Any, body: Any, status: int = 200) -> str:
    response = {"status_code": status, "request_id": "r", "body": body}
    return json.dumps(
        {"id": "b", "custom_id": row["custom_id"], "response": response, "error": None}
    )


def read(cache_file: Path, path: Path) -> BatchFileCounts:
    async def run() -> BatchFileCounts:
        cache = AnswerCache(cache_file)
        reading = await read_batch_file(path, cache)
        cache.close()
        return reading

    return asyncio.run(run())


def test_answers_come_back_in_any_order_and_only_the_rest_is_written_again(tmp_path: Path) -> None:
    cache_file = tmp_path / "c.sqlite"
    rows = lines_of(asyncio.run(write(cache_file, tmp_path / "one")))
    assert len(rows) == len({row["custom_id"] for row in rows}) == 10
    assert all(len(row["custom_id"]) <= 64 for row in rows)
    assert {row["url"] for row in rows} == {"/v1/chat/completions"}
    assert rows[0]["body"]["model"] == "fault-1"
    random.Random(1).shuffle(rows)
    good = [answered(row, yes(0.9)) for row in rows[:6]]
    bad = [
        answered(rows[6], {"error": {"message": "overloaded"}}, 503),
        json.dumps({"custom_id": rows[7]["custom_id"], "response": None, "error": EXPIRED}),
        answered(rows[8], chat("Yes")),
        answered({"custom_id": "somebody-else"}, yes()),
        "not json",
        "{}",
    ]
    (tmp_path / "out.jsonl").write_text("\n".join([*bad[:3], *good, "", *bad[3:]]))
    reading = read(cache_file, tmp_path / "out.jsonl")
    assert (reading.answers, reading.foreign, reading.broken) == (6, 1, 2)
    assert reading.failures["status 503: overloaded"] == 1
    assert reading.failures["too late"] == 1
    assert reading.failures.total() == 3
    again = lines_of(asyncio.run(write(cache_file, tmp_path / "two")))
    assert {row["custom_id"] for row in again} == {row["custom_id"] for row in rows[6:]}


def test_answers_that_contradict_each_other_are_no_answers(tmp_path: Path) -> None:
    cache_file = tmp_path / "c.sqlite"
    rows = lines_of(asyncio.run(write(cache_file, tmp_path / "one")))
    lines = [
        answered(rows[0], yes(0.9)),
        answered(rows[1], yes(0.9)),
        answered(rows[1], yes(0.9)),
        answered(rows[2], yes(0.9)),
        answered(rows[0], yes(0.2)),
        answered(rows[2], {"error": "overloaded"}, 503),
        answered(rows[0], yes(0.9)),
    ]
    (tmp_path / "out.jsonl").write_text("\n".join(lines))
    reading = read(cache_file, tmp_path / "out.jsonl")
    # The same answer twice is one answer; a failed line beside an answer is only counted.
    assert reading.answers == 2
    assert reading.failures == {
        "status 503: overloaded": 1,
        "the file answers this question twice, and not alike": 1,
    }
    again = lines_of(asyncio.run(write(cache_file, tmp_path / "two")))
    asked = {row["custom_id"] for row in again}
    assert asked == {row["custom_id"] for row in (rows[0], *rows[3:])}


@pytest.mark.parametrize("note", [[], "x", 7, {"endpoint": 1}, {"mode": "mind-reading"}, None])
def test_a_line_whose_run_has_a_hostile_note_is_foreign(tmp_path: Path, note: Any) -> None:
    cache_file = tmp_path / "c.sqlite"
    rows = lines_of(asyncio.run(write(cache_file, tmp_path / "one")))
    cache = AnswerCache(cache_file)
    cache.remember(f"batch {rows[0]['custom_id'].split('-')[1]}", note)
    cache.close()
    (tmp_path / "out.jsonl").write_text(answered(rows[0], yes(0.9)))
    reading = read(cache_file, tmp_path / "out.jsonl")
    assert (reading.answers, reading.foreign, reading.broken) == (0, 1, 0)


def test_a_grader_finds_the_answers_and_asks_nothing(tmp_path: Path) -> None:
    cache_file = tmp_path / "c.sqlite"
    rows = lines_of(asyncio.run(write(cache_file, tmp_path / "one")))
    (tmp_path / "out.jsonl").write_text("\n".join(answered(row, yes(0.9)) for row in rows))
    assert read(cache_file, tmp_path / "out.jsonl").answers == 10

    async def run() -> None:
        grader = await make_grader(BASE, AnswerCache(cache_file))
        answers = await grader.answer(*WORK[0])
        assert answers["apology"].probability == pytest.approx(0.9)
        assert grader.usage.calls == 0
        await grader.close()

    asyncio.run(run())


def test_shards_keep_to_the_limits(tmp_path: Path) -> None:
    requests = [BatchRequest(f"id-{i}", b'{"x":"%b"}' % (b"a" * (i * 10))) for i in range(20)]
    paths = write_shards(requests, tmp_path / "s", max_lines=6, max_bytes=900)
    assert [path.name for path in paths][:2] == ["s-00001.jsonl", "s-00002.jsonl"]
    for path in paths:
        assert len(path.read_bytes().splitlines()) <= 6
        assert path.stat().st_size <= 900
    assert [row["custom_id"] for row in lines_of(paths)] == [f"id-{i}" for i in range(20)]
    with pytest.raises(FileError, match="already exists"):
        write_shards(requests, tmp_path / "s")
    assert write_shards([], tmp_path / "none") == []
    assert not list(tmp_path.glob(".*"))


def test_modes_without_single_questions_cannot_be_written(tmp_path: Path) -> None:
    async def run() -> None:
        cache = AnswerCache(None)
        grader = await make_grader(BASE, cache, mode=Mode.DECISIONS)
        with pytest.raises(UsageError, match="a batch holds one question a line"):
            list(requests_of(grader, cache, WORK))
        await grader.close()

    asyncio.run(run())


class BatchServer:
    """The part of OpenAI's API that batches use."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.polls = 0

    def __call__(self, request: Request) -> Reply:
        path = request.path.removeprefix("/v1")
        if path == "/files":
            boundary = request.headers["content-type"].split("boundary=")[1].encode()
            parts = request.body.split(b"--" + boundary)
            assert b'name="purpose"\r\n\r\nbatch\r\n' in parts[1]
            self.files["file-1"] = parts[2].split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
            return json_reply({"id": "file-1", "object": "file", "purpose": "batch"})
        if path == "/batches":
            assert request.json == {
                "input_file_id": "file-1",
                "endpoint": "/v1/chat/completions",
                "completion_window": "24h",
            }
            return json_reply({"id": "batch/1", "status": "validating", "request_counts": None})
        if path == "/batches/batch%2F1":
            return self.poll()
        if path == "/files/out-1/content":
            return Reply(body=self.files["out-1"], content_type="application/octet-stream")
        return Reply("404 Not Found")

    def poll(self) -> Reply:
        self.polls += 1
        counts = {"total": 10, "completed": 3, "failed": 0}
        if self.polls == 1:
            return json_reply({"id": "batch/1", "status": "in_progress", "request_counts": counts})
        rows = [json.loads(line) for line in self.files["file-1"].splitlines()]
        self.files["out-1"] = "\n".join(answered(row, yes(0.9)) for row in rows).encode()
        done = {"id": "batch/1", "status": "completed", "output_file_id": "out-1"}
        errors = {"data": [{"code": "x", "line": 3, "message": "bad line", "param": None}]}
        return json_reply(done | {"error_file_id": None, "errors": errors})


def driven(plan: Plan, action: Any) -> Any:
    async def run() -> Any:
        async with serving(plan) as endpoint:
            chosen = settings(endpoint.base_url)
            transport = open_transport(chosen, parse_address(chosen.base_url))
            service = BatchService(transport, endpoint.base_url, 5.0, chosen.secrets)
            try:
                return await action(service)
            finally:
                await transport.close()

    return asyncio.run(run())


def test_a_servers_batches_are_driven(tmp_path: Path) -> None:
    cache_file = tmp_path / "c.sqlite"
    (shard,) = asyncio.run(write(cache_file, tmp_path / "one"))

    async def action(service: BatchService) -> None:
        batch = await service.submit(shard)
        assert (batch.id, batch.input_file, batch.ended) == ("batch/1", "file-1", False)
        batch = await service.status(batch)
        assert (batch.status, batch.completed, batch.total) == ("in_progress", 3, 10)
        batch = await service.status(batch)
        assert batch.ended
        assert batch.errors == ("line 3: bad line",)
        write_state(shard, batch)
        assert read_state(shard) == batch
        assert batch.output_file is not None
        await service.fetch(batch.output_file, tmp_path / "out.jsonl")

    driven(BatchServer(), action)
    assert read(cache_file, tmp_path / "out.jsonl").answers == 10


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("404 Not Found"), "this server has no batch API; 'vllm run-batch' takes the files"),
        (Reply("401 X", f'{{"error": "{KEY.reveal()}"}}'.encode()), r"status 401: \*\*\*"),
        (Reply(cut_at=0), "closed the connection"),
        (json_reply({}), "the reply has no id"),
    ],
)
def test_a_server_that_fails_is_one_message(tmp_path: Path, reply: Reply, message: str) -> None:
    (tmp_path / "s.jsonl").write_text("{}\n")
    with pytest.raises(GraderError, match=message):
        driven(lambda request: reply, lambda service: service.submit(tmp_path / "s.jsonl"))


def test_a_broken_state_is_one_message(tmp_path: Path) -> None:
    assert read_state(tmp_path / "s.jsonl") is None
    (tmp_path / "s.batch.json").write_text("[]")
    with pytest.raises(FileError, match="is not the state of a batch"):
        read_state(tmp_path / "s.jsonl")
