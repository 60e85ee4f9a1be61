"""A content-addressed cache of answers, which several runs and processes can share."""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from rbrctl.errors import FileError
from rbrctl.records.models import Answer

BUSY_SECONDS = 30.0
_ANSWERS_OF = "SELECT key, probability, source, details FROM answered WHERE key IN ({marks})"
_KEYS_A_QUERY = 500
_T = TypeVar("_T")
_Row = tuple[bytes, float | None, str | None, str | None, int, int]
_ADVICE = "name another with --cache FILE, or none with --cache none"
_NUMBERS = ("mass", "unseen")
"""Details that must be numbers if they are present."""
_NO_DETAILS: Mapping[str, Any] = {}
_INSERT = "INSERT OR IGNORE INTO answered VALUES (?, ?, ?, ?, ?, ?)"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS origins (
    id INTEGER PRIMARY KEY, endpoint TEXT, model TEXT, mode TEXT,
    UNIQUE (endpoint, model, mode)
);
CREATE TABLE IF NOT EXISTS answered (
    key BLOB PRIMARY KEY, probability REAL NOT NULL, source TEXT, details TEXT,
    origin INTEGER NOT NULL, created INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """The endpoint, model and mode that answers came from."""

    endpoint: str
    model: str
    mode: str


@dataclass(frozen=True, slots=True)
class CacheShare:
    """The answers of one origin in a cache; times are seconds since 1970."""

    origin: Origin
    answers: int
    oldest: int
    newest: int


class AnswerCache:
    """
    An SQLite file in write-ahead mode, readable by its owner only.

    ``put`` collects what arrives within one turn of the event loop and writes it in one
    transaction. Its future is done when the operating system has the data, so that killing the
    process loses nothing. Parallel processes wait for each other for up to BUSY_SECONDS. Keys with
    a common prefix are stored together, so that the answers about one transcript cost one page.
    """

    def __init__(self, path: Path | None) -> None:
        """Open or create the file; None keeps everything in memory. Raises FileError."""
        self.path = path
        self._origins: dict[Origin, int] = {}
        self._pending: list[_Row] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._unreadable: set[bytes] = set()
        if path is not None:
            _prepare(path)
        self._database = self._guard(lambda: _open(path))

    @property
    def is_kept(self) -> bool:
        """True if the answers outlive the process in a file."""
        return self.path is not None

    def get(
        self, keys: Sequence[bytes], digests: Mapping[bytes, str] | None = None
    ) -> dict[bytes, Answer]:
        """
        Return the stored answers by key; ``digests`` gives the digest that each answer gets.

        An entry that cannot be read, or that is not an answer, counts as absent and is replaced by
        the next answer. Raises FileError.
        """
        known = digests or {}
        found: dict[bytes, Answer] = {}
        for start in range(0, len(keys), _KEYS_A_QUERY):
            part = keys[start : start + _KEYS_A_QUERY]
            query = _ANSWERS_OF.format(marks=",".join("?" * len(part)))
            for key, probability, source, details in self._rows(query, part):
                more = _NO_DETAILS if details is None else _decode(details)
                if (
                    more is not None
                    and type(probability) is float
                    and 0.0 <= probability <= 1.0
                    and (source is None or type(source) is str)
                ):
                    found[key] = Answer(probability, source, known.get(key), None, more)
                else:
                    self._unreadable.add(key)
        return found

    def put(self, entries: Mapping[bytes, Answer], origin: Origin) -> asyncio.Future[None]:
        """
        Store answers; the returned future is done when they are written.

        The future fails with FileError if they cannot be. An answer that is there already stays.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        number = self._origin(origin)
        now = int(time.time())
        if not self._waiters:
            loop.call_soon(self._flush)
        for key, answer in entries.items():
            details = _write_json(dict(answer.details)) if answer.details else None
            row = (key, answer.probability, answer.source, details, number, now)
            self._pending.append(row)
        self._waiters.append(waiter)
        return waiter

    def remember(self, name: str, value: Any) -> None:
        """Store a note, for example what a probe found. Raises FileError."""
        text = json.dumps(value)

        def write() -> None:
            with self._database:
                self._database.execute("REPLACE INTO notes VALUES (?, ?)", (name, text))

        self._guard(write)

    def recall(self, name: str) -> Any:
        """Return a note; None if there is none. Raises FileError."""
        query = "SELECT value FROM notes WHERE name = ?"
        row = self._guard(lambda: self._database.execute(query, (name,)).fetchone())
        try:
            return None if row is None else json.loads(row[0])
        except (ValueError, TypeError, RecursionError):
            return None

    def shares(self) -> list[CacheShare]:
        """Return the number and age of the answers of each origin. Raises FileError."""
        query = (
            "SELECT endpoint, model, mode, COUNT(*), MIN(created), MAX(created) FROM answered"
            " JOIN origins ON origins.id = origin GROUP BY origin ORDER BY 1, 2, 3"
        )
        rows = self._guard(lambda: self._database.execute(query).fetchall())
        return [CacheShare(Origin(*row[:3]), *row[3:]) for row in rows]

    def prune(self, *, before: int | None = None, model: str | None = None) -> int:
        """
        Delete answers and return their number; the file shrinks.

        Only answers stored before the time ``before`` (seconds since 1970) and of ``model`` are
        deleted; with neither, all answers and notes are. Raises FileError.
        """
        conditions, values = ["1"], []
        if before is not None:
            conditions.append("created < ?")
            values.append(str(before))
        if model is not None:
            conditions.append("origin IN (SELECT id FROM origins WHERE model = ?)")
            values.append(model)
        statement = f"DELETE FROM answered WHERE {' AND '.join(conditions)}"  # noqa: S608 - of constants

        def delete() -> int:
            with self._database:
                count = self._database.execute(statement, values).rowcount
                if before is None and model is None:
                    self._database.execute("DELETE FROM notes")
            self._database.execute("VACUUM")
            return count

        return self._guard(delete)

    def close(self) -> None:
        """Write what is pending and close the file."""
        self._flush()
        self._database.close()

    def _origin(self, origin: Origin) -> int:
        number = self._origins.get(origin)
        if number is None:
            values = (origin.endpoint, origin.model, origin.mode)

            def insert() -> int:
                with self._database:
                    self._database.execute(
                        "INSERT OR IGNORE INTO origins (endpoint, model, mode) VALUES (?, ?, ?)",
                        values,
                    )
                row = self._database.execute(
                    "SELECT id FROM origins WHERE endpoint = ? AND model = ? AND mode = ?", values
                ).fetchone()
                return int(row[0])

            number = self._origins[origin] = self._guard(insert)
        return number

    def _flush(self) -> None:
        entries, self._pending = self._pending, []
        waiters, self._waiters = self._waiters, []
        if not waiters:
            return
        try:
            self._guard(lambda: self._write(entries))
        except FileError as error:
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _write(self, rows: Sequence[_Row]) -> None:
        with self._database:
            spoiled = [(row[0],) for row in rows if row[0] in self._unreadable]
            if spoiled:
                self._database.executemany("DELETE FROM answered WHERE key = ?", spoiled)
                self._unreadable.difference_update(key for (key,) in spoiled)
            self._database.executemany(_INSERT, rows)

    def _rows(self, query: str, values: Sequence[bytes]) -> list[Any]:
        """Return the rows of a query; invalid UTF-8 in one row does not affect the others."""

        def read() -> list[Any]:
            try:
                return self._database.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise
            self._database.text_factory = bytes
            try:
                rows = self._database.execute(query, values).fetchall()
                return [(*row[:2], *map(_as_text, row[2:])) for row in rows]
            finally:
                self._database.text_factory = str

        return self._guard(read)

    def _guard(self, action: Callable[[], _T]) -> _T:
        try:
            return action()
        except sqlite3.Error as error:
            raise FileError(
                f"{self.path}: the cache of answers cannot be used: {error}; {_ADVICE}"
            ) from error


def _prepare(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise FileError(
            f"{path}: the cache of answers cannot be opened: {error.strerror}; {_ADVICE}"
        ) from error


def _open(path: Path | None) -> sqlite3.Connection:
    """Open the database; wait for locks, as SQLite does not when it turns to write-ahead mode."""
    database = sqlite3.connect(path or ":memory:", timeout=BUSY_SECONDS)
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                database.close()
                raise
            time.sleep(0.01)
        except sqlite3.Error:
            database.close()
            raise
        else:
            return database


_write_json = json.JSONEncoder(separators=(",", ":")).encode


def _as_text(value: Any) -> Any:
    """Return bytes decoded as UTF-8; any other value is returned as it is and refused later."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _decode(text: Any) -> Mapping[str, Any] | None:
    """Return stored details; None if the text is not an object with valid numbers."""
    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    numbers = (value.get(name, 0.0) for name in _NUMBERS)
    return value if all(type(number) in {int, float} for number in numbers) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
