"""
The requests of a batch: which questions they ask, their names, and the files they are written to.

A file has one JSON object a line, ``{"custom_id", "method", "url", "body"}``; at most 50,000 lines
and 200 MB (OpenAI's Batch API; ``vllm run-batch`` takes the same lines).
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rbrctl.errors import FileError
from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.modes import Mode
from rbrctl.records.files import replacing
from rbrctl.records.models import Transcript

MAX_LINES = 50_000
MAX_BYTES = 200_000_000
URL = "/v1/chat/completions"
_ORIGIN_FIELDS = ("endpoint", "model", "mode")
_PATTERN = re.compile(r"rbrctl-([0-9a-f]{8})-([0-9a-f]{48})")


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One request of a batch."""

    custom_id: str
    body: bytes
    """JSON."""

    def line(self) -> bytes:
        """Return the request as a line of a batch file."""
        head = f'{{"custom_id":{json.dumps(self.custom_id)},"method":"POST","url":"{URL}","body":'
        return b"%b%b}\n" % (head.encode(), self.body)


def write_shards(
    requests: Iterable[BatchRequest],
    prefix: Path,
    max_lines: int = MAX_LINES,
    max_bytes: int = MAX_BYTES,
) -> list[Path]:
    """
    Write requests to ``PREFIX-00001.jsonl``, ``PREFIX-00002.jsonl``, ... within the limits.

    A file gets its name only when it is complete. Returns the paths. Raises FileError if a file of
    such a name exists already (it is not changed) or if a file cannot be written.
    """
    written: list[Path] = []
    waiting = iter(requests)
    pending = next(waiting, None)
    while pending is not None:
        path = prefix.with_name(f"{prefix.name}-{len(written) + 1:05d}.jsonl")
        if path.exists():
            raise FileError(f"{path} already exists; name another output with -o")
        with replacing(path) as file:
            lines = size = 0
            while pending is not None:
                line = pending.line()
                if lines and (lines >= max_lines or size + len(line) > max_bytes):
                    break
                file.write(line)
                lines, size = lines + 1, size + len(line)
                pending = next(waiting, None)
        written.append(path)
    return written


@dataclass(frozen=True, slots=True)
class BatchOrigin:
    """What is needed to read an answer: which run asked, and where. It is kept in the cache."""

    run: str
    """The first eight hexadecimal digits of the grader's digest."""
    origin: Origin

    @property
    def mode(self) -> Mode:
        """The mode that its replies are read in."""
        return Mode(self.origin.mode)

    def custom_id(self, key: bytes) -> str:
        """Return the name of a line: 64 characters, which every server accepts."""
        return f"rbrctl-{self.run}-{key.hex()}"

    def remember(self, cache: AnswerCache) -> None:
        """Store this in the cache for the reader. Raises FileError."""
        cache.remember(f"batch {self.run}", asdict(self.origin))


def read_custom_id(text: str, cache: AnswerCache) -> tuple[BatchOrigin, bytes] | None:
    """Return the run and the key of a custom_id; None if no run with this cache made it."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    found = cache.recall(f"batch {match[1]}")
    origin = _origin_of(found)
    return None if origin is None else (BatchOrigin(match[1], origin), bytes.fromhex(match[2]))


def _origin_of(note: Any) -> Origin | None:
    """Return the origin in a note; None if the note has another form."""
    fields = [note.get(name) for name in _ORIGIN_FIELDS] if isinstance(note, dict) else [None]
    if not all(isinstance(each, str) for each in fields) or fields[-1] not in set(Mode):
        return None
    return Origin(*fields)


def requests_of(
    grader: EndpointGrader,
    cache: AnswerCache,
    work: Iterable[tuple[Transcript, Collection[str]]],
) -> Iterator[BatchRequest]:
    """
    Yield a request for every question that the cache has no answer to, each once.

    Raises UsageError in a mode that batches do not support, and FileError if the cache fails.
    """
    origin = BatchOrigin(grader.identity.digest[:8], grader.origin)
    origin.remember(cache)
    seen: set[bytes] = set()
    for transcript, propositions in work:
        for key, body in grader.unanswered(transcript, propositions):
            if key not in seen:
                seen.add(key)
                yield BatchRequest(origin.custom_id(key), body)
