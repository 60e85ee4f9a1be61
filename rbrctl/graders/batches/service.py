"""
The batches of a server: upload a file, create a batch, ask for its status, fetch its files.

OpenAI's Batch API: ``POST /files`` (multipart, ``purpose=batch``), ``POST /batches``,
``GET /batches/ID``, ``GET /files/ID/content``.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rbrctl.errors import FileError, GraderError, NothingMatchedError
from rbrctl.graders.batches.requests import MAX_BYTES, URL
from rbrctl.graders.endpoint.failures import Failure, of_response
from rbrctl.graders.endpoint.http.json_body import shorten, shown
from rbrctl.graders.endpoint.http.secrets import Secret, scrub
from rbrctl.graders.endpoint.http.transport import Transport, TransportError
from rbrctl.graders.prompt.forms import encode
from rbrctl.records.files import read_whole, replacing

_MAX_STATE_BYTES = 1 << 20
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch on a server, as of the last request about it."""

    id: str
    input_file: str
    status: str = "validating"
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file: str | None = None
    error_file: str | None = None
    errors: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """True if no more answers will come."""
        return self.status in ENDED


class BatchService:
    """The batch API of one endpoint. Every method raises GraderError if the server fails."""

    def __init__(
        self, transport: Transport, where: str, timeout: float, hidden: tuple[Secret, ...] = ()
    ) -> None:
        """Use a transport; errors name the endpoint ``where``, without the ``hidden`` secrets."""
        self._transport = transport
        self._where = where
        self._timeout = timeout
        self._hidden = hidden

    async def submit(self, shard: Path) -> Batch:
        """Upload a shard, create its batch and return it. Raises FileError and GraderError."""
        data = read_whole(shard, MAX_BYTES)
        boundary = secrets.token_hex(16)
        body = _multipart(boundary, shard.name, data)
        uploaded = await self._json(
            "POST", "/files", body, f"multipart/form-data; boundary={boundary}"
        )
        wanted = {
            "input_file_id": self._text(uploaded, "id"),
            "endpoint": URL,
            "completion_window": "24h",
        }
        created = await self._json("POST", "/batches", encode(wanted))
        return self._batch(created, wanted["input_file_id"])

    async def status(self, batch: Batch) -> Batch:
        """Return the batch with its current status. Raises GraderError."""
        path = f"/batches/{quote(batch.id, safe='')}"
        return self._batch(await self._json("GET", path, b""), batch.input_file)

    async def fetch(self, file: str, path: Path) -> None:
        """Download a file of answers or errors to ``path``. Raises FileError and GraderError."""
        target = f"/files/{quote(file, safe='')}/content"
        try:
            reply = await self._transport.send(
                "GET", target, b"", self._timeout, "application/json"
            )
        except TransportError as error:
            raise self._error(target, str(error)) from None
        if reply.status != 200:
            failure = of_response(reply)
            raise self._error(target, failure.message if isinstance(failure, Failure) else "")
        with replacing(path) as stream:
            stream.write(reply.body)

    async def _json(
        self, method: str, path: str, body: bytes, content_type: str = "application/json"
    ) -> dict[str, Any]:
        try:
            reply = await self._transport.send(method, path, body, self._timeout, content_type)
        except TransportError as error:
            raise self._error(path, str(error)) from None
        outcome = of_response(reply, answer=False)
        if isinstance(outcome, Failure):
            hint = " (this server has no batch API; 'vllm run-batch' takes the files as they are)"
            raise self._error(path, outcome.message + (hint if reply.status == 404 else ""))
        return outcome

    def _batch(self, value: dict[str, Any], input_file: str) -> Batch:
        counts = value.get("request_counts")
        counts = counts if isinstance(counts, dict) else {}
        errors = value.get("errors")
        listed = errors.get("data") if isinstance(errors, dict) else None
        return Batch(
            id=self._text(value, "id"),
            input_file=input_file,
            status=self._text(value, "status"),
            total=_count(counts, "total"),
            completed=_count(counts, "completed"),
            failed=_count(counts, "failed"),
            output_file=_optional(value, "output_file_id"),
            error_file=_optional(value, "error_file_id"),
            errors=tuple(map(_error_line, listed)) if isinstance(listed, list) else (),
        )

    def _text(self, value: dict[str, Any], name: str) -> str:
        text = value.get(name)
        if not isinstance(text, str) or not text:
            raise self._error("", f"the reply has no {name}")
        return text

    def _error(self, path: str, message: str) -> GraderError:
        return GraderError(scrub(f"{self._where}{path}: {message}", self._hidden))


def state_path(shard: Path) -> Path:
    """Return the path of the file beside a shard that stores the state of its batch."""
    return shard.with_suffix(".batch.json")


def write_state(shard: Path, batch: Batch) -> None:
    """Store the state of a shard's batch. Raises FileError."""
    with replacing(state_path(shard)) as stream:
        stream.write(json.dumps(asdict(batch), indent=2).encode("utf-8") + b"\n")


def read_state(shard: Path) -> Batch | None:
    """Return the state of a shard's batch; None if it was not submitted. Raises FileError."""
    path = state_path(shard)
    if not path.exists():
        return None
    text = read_whole(path, _MAX_STATE_BYTES)
    try:
        value = json.loads(text)
        return Batch(**value | {"errors": tuple(value["errors"])})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FileError(f"{path}: is not the state of a batch ({error})") from None


async def fetch_batch(service: BatchService, shard: Path) -> tuple[Batch, list[Path]]:
    """
    Ask for the state of a shard's batch, keep it, and fetch its files if the batch has ended.

    Returns the batch and the paths of the fetched files. Raises NothingMatchedError if the shard
    was not submitted, GraderError and FileError.
    """
    batch = await service.status(require_state(shard))
    write_state(shard, batch)
    fetched = []
    for name, kind in ((batch.output_file, "output"), (batch.error_file, "errors")):
        if batch.ended and name is not None:
            path = shard.with_suffix(f".{kind}.jsonl")
            await service.fetch(name, path)
            fetched.append(path)
    return batch, fetched


def require_state(shard: Path) -> Batch:
    """Return the last state of a shard's batch. Raises NothingMatchedError if it has none."""
    known = read_state(shard)
    if known is None:
        raise NothingMatchedError(f"{shard}: it was not submitted yet; see 'rbrctl batch submit'")
    return known


def _multipart(boundary: str, name: str, data: bytes) -> bytes:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
        "Content-Type: application/jsonl\r\n\r\n"
    )
    return b"%b%b\r\n--%b--\r\n" % (head.encode(), data, boundary.encode())


def _count(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value < 1 << 53 else 0


def _optional(value: dict[str, Any], name: str) -> str | None:
    text = value.get(name)
    return text if isinstance(text, str) and text else None


def _error_line(item: Any) -> str:
    if not isinstance(item, dict):
        return shown(item)
    line = f"line {shown(item['line'], 20)}: " if item.get("line") is not None else ""
    return shorten(f"{line}{shown(item.get('message') or item.get('code') or 'an error')}")
