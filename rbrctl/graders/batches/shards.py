"""
Writing batch input files.

Format: one JSON object a line, ``{"custom_id", "method", "url", "body"}``; at most 50,000 lines and
200 MB a file (OpenAI's Batch API; ``vllm run-batch`` takes the same lines).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rbrctl.errors import FileError
from rbrctl.records.files import replacing

MAX_LINES = 50_000
MAX_BYTES = 200_000_000
URL = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One call of a batch."""

    custom_id: str
    body: bytes
    """JSON."""

    def line(self) -> bytes:
        """Write it as a line of a batch file."""
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

    A file has its name only once it is whole. A file of such a name that is there already is not
    touched: raises FileError for that, and where a file cannot be written.
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
