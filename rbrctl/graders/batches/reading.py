"""Reading the output and error files of batches, in any order, into the cache of answers."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rbrctl.errors import cannot
from rbrctl.graders.batches.requests import BatchOrigin, read_custom_id
from rbrctl.graders.cache import AnswerCache
from rbrctl.graders.endpoint.chat.asker import read_reply
from rbrctl.graders.endpoint.chat.reply import UnreadableError
from rbrctl.graders.endpoint.http.error_text import words_of
from rbrctl.graders.endpoint.http.json_body import decode_reply, shorten, shown
from rbrctl.graders.endpoint.http.parser import MAX_REPLY_BYTES
from rbrctl.records.models import Answer
from rbrctl.records.problems import LineProblem

_ANSWERS_A_WRITE = 500


@dataclass(slots=True)
class BatchFileCounts:
    """Counts of what was found in the files of a batch."""

    answers: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """The number of failed requests by error."""
    foreign: int = 0
    """Lines that answer no request of a run with this cache."""
    broken: int = 0
    """Lines that are not a JSON object with a custom_id."""
    first_broken: LineProblem | None = None

    def add(self, other: "BatchFileCounts") -> None:
        """Add the counts of another file."""
        self.answers += other.answers
        self.failures.update(other.failures)
        self.foreign += other.foreign
        self.broken += other.broken
        self.first_broken = self.first_broken or other.first_broken


async def read_batch_file(path: Path, cache: AnswerCache) -> BatchFileCounts:
    """
    Store the answers of one output or error file in the cache and return what was found.

    Failed requests are counted and not stored, so that the next batch asks them again. Raises
    FileError.
    """
    reading = BatchFileCounts()
    found: dict[tuple[BatchOrigin, bytes], Answer] = {}
    contradicted: set[tuple[BatchOrigin, bytes]] = set()
    for number, line in _lines(path):
        try:
            row = decode_reply(line)
            name = row["custom_id"]
        except (ValueError, KeyError) as error:
            why = 'no "custom_id"' if isinstance(error, KeyError) else str(error)
            reading.broken += 1
            reading.first_broken = reading.first_broken or LineProblem(str(path), number, why)
            continue
        asked = read_custom_id(name, cache) if isinstance(name, str) else None
        if asked is None:
            reading.foreign += 1
            continue
        answer = _answer(row, asked[0], reading)
        if answer is None:
            continue
        first = found.setdefault(asked, answer)
        if first.probability != answer.probability:
            contradicted.add(asked)
    for asked in contradicted:
        del found[asked]
        reading.failures["the file answers this question twice, and not alike"] += 1
    reading.answers += len(found)
    await _keep(found, cache)
    return reading


async def _keep(found: Mapping[tuple[BatchOrigin, bytes], Answer], cache: AnswerCache) -> None:
    """Store answers, _ANSWERS_A_WRITE of one origin at a time."""
    waiting: dict[BatchOrigin, dict[bytes, Answer]] = {}
    for (origin, key), answer in found.items():
        waiting.setdefault(origin, {})[key] = answer
        if len(waiting[origin]) >= _ANSWERS_A_WRITE:
            await cache.put(waiting.pop(origin), origin.origin)
    for origin, answers in waiting.items():
        await cache.put(answers, origin.origin)


def _answer(row: dict[str, Any], origin: BatchOrigin, reading: BatchFileCounts) -> Answer | None:
    """Return the answer of one line; a failure is counted and None is returned."""
    response, error = row.get("response"), row.get("error")
    status = response.get("status_code") if isinstance(response, dict) else None
    body = response.get("body") if isinstance(response, dict) else None
    if error is not None or status != 200 or not isinstance(body, dict):
        what = error if error is not None else body
        says = words_of(what) or shown(what)
        reading.failures[shorten(f"status {shown(status)}: {says}" if status else says)] += 1
        return None
    try:
        probability, details = read_reply(origin.mode, body)
    except UnreadableError as unreadable:
        reading.failures[str(unreadable)] += 1
        return None
    return Answer(probability, origin.mode.value, details=details)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1. Raises FileError."""
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_REPLY_BYTES):
                number += 1
                if line.strip():
                    yield number, line
    except OSError as error:
        raise cannot("read", path, error) from error
