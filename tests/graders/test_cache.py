"""The answer cache: on disk before it counts, shared, private, and whole after kill -9."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rbrctl.errors import FileError
from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.records.models import Answer

ORIGIN = Origin("http://x/v1", "m", "logprobs")
OTHER = Origin("http://x/v1", "n", "text")


def key(number: int) -> bytes:
    return number.to_bytes(20, "big")


def put(cache: AnswerCache, numbers: range, origin: Origin = ORIGIN) -> None:
    async def run() -> None:
        entries = {key(n): Answer(n / 1000, "logprobs", details={"mass": 0.5}) for n in numbers}
        await cache.put(entries, origin)

    asyncio.run(run())


def test_gives_what_was_put_also_to_another_process(tmp_path: Path) -> None:
    first, second = (AnswerCache(tmp_path / "c.sqlite") for _ in range(2))
    put(first, range(700))
    for cache in (first, second):
        found = cache.get([key(n) for n in range(1000)])
        assert len(found) == 700
        assert found[key(5)] == Answer(0.005, "logprobs", details={"mass": 0.5})
    put(second, range(600, 800))
    assert len(first.get([key(n) for n in range(1000)])) == 800
    first.close()
    second.close()


def test_without_a_file_it_lives_in_memory() -> None:
    cache = AnswerCache(None)
    put(cache, range(3))
    assert len(cache.get([key(1), key(9)])) == 1
    cache.close()


def test_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "c.sqlite"
    cache = AnswerCache(path)
    put(cache, range(3))
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    cache.close()


def test_notes_are_kept(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c.sqlite")
    assert cache.recall("x") is None
    cache.remember("x", {"a": 1})
    cache.remember("x", {"a": 2})
    cache.close()
    again = AnswerCache(tmp_path / "c.sqlite")
    assert again.recall("x") == {"a": 2}
    again.close()


def test_counts_and_prunes(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c.sqlite")
    put(cache, range(10))
    put(cache, range(10, 14), OTHER)
    cache.remember("x", 1)
    assert [(share.origin, share.answers) for share in cache.shares()] == [(ORIGIN, 10), (OTHER, 4)]
    assert cache.prune(before=int(time.time()) - 60) == 0
    assert cache.prune(model="n") == 4
    assert cache.recall("x") == 1
    assert cache.prune() == 10
    assert cache.recall("x") is None
    cache.close()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough" * 40, b"{}"])
def test_a_file_that_is_no_cache_is_one_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(content)
    with pytest.raises(FileError, match="the cache of answers cannot be used: file is not a data"):
        AnswerCache(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the cache of answers cannot be opened: Is a directory"):
        AnswerCache(tmp_path)


def test_a_broken_entry_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c.sqlite")
    put(cache, range(2))
    with sqlite3.connect(tmp_path / "c.sqlite") as database:
        database.execute("UPDATE answered SET details = '[' WHERE key = ?", (key(0),))
    database.close()
    assert list(cache.get([key(0), key(1)])) == [key(1)]
    cache.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("probability", "0.5x"),
        ("probability", 1.5),
        ("probability", -0.1),
        ("probability", float("inf")),
        ("probability", b"\x00"),
        ("source", b"\xff"),
        ("source", 7),
        ("details", "["),
        ("details", "[]"),
        ("details", "7"),
        ("details", '{"mass": "much"}'),
        ("details", '{"mass": NaN}'),
        ("details", '{"unseen": true}'),
        ("details", '{"a":' * 20_000),
        ("details", b"\xff\xfe"),
        ("details", 12),
    ],
)
def test_a_hostile_row_is_no_answer_and_gives_way_to_the_next_one(
    tmp_path: Path, column: str, value: object
) -> None:
    path = tmp_path / "c.sqlite"
    cache = AnswerCache(path)
    put(cache, range(1, 3))
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE answered SET {column} = ? WHERE key = ?", (value, key(1)))
    database.close()
    found = cache.get([key(1), key(2)])
    if column == "source" and value == 7:
        value = "7"  # SQLite itself turns a number in a column of texts into a text.
        assert found[key(1)].source == "7"
    else:
        assert list(found) == [key(2)]
        put(cache, range(1, 2))
        assert cache.get([key(1)])[key(1)].probability == 0.001
    cache.close()


@pytest.mark.parametrize("text", ["", "{", "NaN nan", "[" * 100_000, b"\xff", b"\x00{}"])
def test_a_hostile_note_is_no_note(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "c.sqlite"
    cache = AnswerCache(path)
    cache.remember("x", 1)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE notes SET value = ?", (text,))
    database.close()
    assert cache.recall("x") is None
    cache.remember("x", 2)
    assert cache.recall("x") == 2
    cache.close()


def test_a_write_that_fails_fails_every_waiter(tmp_path: Path) -> None:
    async def run() -> None:
        cache = AnswerCache(tmp_path / "c.sqlite")
        await cache.put({key(1): Answer(0.5, "x")}, ORIGIN)
        cache._database.execute("PRAGMA query_only = 1")
        puts = [cache.put({key(n): Answer(0.5, "x")}, ORIGIN) for n in (2, 3)]
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert all(isinstance(outcome, FileError) for outcome in outcomes)
        assert "--cache FILE, or none with --cache none" in str(outcomes[0])
        cache.close()

    asyncio.run(run())


WRITER = """
import asyncio, sys
from pathlib import Path
from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.records.models import Answer

async def main():
    cache = AnswerCache(Path(sys.argv[1]))
    for n in range(int(sys.argv[2]), 10**6):
        await cache.put({n.to_bytes(20, "big"): Answer(0.5, "x")}, Origin("e", "m", "x"))
        print(n, flush=True)

asyncio.run(main())
"""


def test_kill_9_loses_no_answer_that_counted(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    counted: list[int] = []
    for attempt in range(6):
        start = attempt * 100_000
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), str(start + offset)],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for offset in (0, 50_000)
        ]
        for writer in writers:
            assert writer.stdout is not None
            for _ in range(20 + attempt * 7):
                counted.append(int(writer.stdout.readline()))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            assert writer.stdout is not None
            counted += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
            writer.stdout.close()
            writer.wait()
    cache = AnswerCache(path)
    assert len(cache.get([key(n) for n in counted])) == len(counted) >= 6 * 2 * 20
    cache.close()
