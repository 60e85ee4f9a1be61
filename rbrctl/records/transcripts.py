"""
Transcripts: read as a stream from JSON Lines in each form that is in use, and written in one.

A row holds its conversation as ``prompt`` and ``completion``, each a text or a list of messages, or
as ``messages``, whose last one of the assistant is the completion and whose earlier ones are the
prompt. ``response_type`` and ``propositions`` are read as ``response_class`` and ``labels`` where
those are absent.
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.compact_index import CompactIndex
from rbrctl.records.fields import optional_text, read_labels
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.messages import content_digest, messages_to_json, prompt_digest
from rbrctl.records.models import Message, Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler, kind_of, quoted
from rbrctl.records.readers.interface import ASSISTANT as ASSISTANT
from rbrctl.records.readers.registry import read_row

_SHARED_KEYS = ("id", "rank_label", "category")


def read_transcripts(
    source: DataSource, on_problem: ProblemHandler, name: str | None = None
) -> Iterator[Transcript]:
    """
    Yield the transcripts of a JSON Lines file or stream, in its order, each id once.

    A row without an id gets its content's digest for one, with ``-2``, ``-3``, ... where the same
    content comes again. A row that cannot be used, or whose id an earlier row had (with the same
    content or another), is told to ``on_problem`` and left out. Raises FileError at the first step
    where the source cannot be read.
    """
    name = name or source_name(source)
    identifiers = _Identifiers()
    for number, row in read_json_lines(source, on_problem, name):
        try:
            transcript = identifiers.admit(parse_transcript(row), number)
        except RecordError as error:
            on_problem(LineProblem(name, number, str(error)))
        else:
            yield transcript


def parse_transcript(row: Mapping[str, Any]) -> Transcript:
    """
    Read one row; its ``id`` is left empty where the row has none.

    Keys without meaning here are kept in ``extra``, but not a second copy of the conversation.
    Raises RecordError with a message that names the field.
    """
    reading = read_row(row)
    known = {reading.class_key, reading.labels_key, *_SHARED_KEYS, *reading.used}
    return Transcript(
        id=_identifier(row),
        prompt=reading.prompt,
        completion=reading.completion,
        response_class=optional_text(row, reading.class_key),
        labels=read_labels(row, reading.labels_key),
        rank_label=optional_text(row, "rank_label"),
        category=optional_text(row, "category"),
        content_digest=content_digest(reading.prompt, reading.completion),
        prompt_digest=prompt_digest(reading.prompt),
        extra={key: value for key, value in row.items() if key not in known},
    )


def transcript_to_json(transcript: Transcript) -> dict[str, Any]:
    """Write a transcript as a row that reads back as the same transcript."""
    row: dict[str, Any] = {
        "id": transcript.id,
        "prompt": messages_to_json(transcript.prompt),
        "completion": messages_to_json(transcript.completion),
    }
    if transcript.response_class is not None:
        row["response_class"] = transcript.response_class
    if transcript.labels:
        row["labels"] = dict(transcript.labels)
    if transcript.rank_label is not None:
        row["rank_label"] = transcript.rank_label
    if transcript.category is not None:
        row["category"] = transcript.category
    return row | {key: value for key, value in transcript.extra.items() if key not in row}


def make_transcript(
    prompt: str | tuple[Message, ...],
    completion: str | tuple[Message, ...],
    response_class: str | None = None,
    labels: Mapping[str, bool] | None = None,
) -> Transcript:
    """Make a transcript that is in no file; its id is its content's digest."""
    if isinstance(prompt, str):
        prompt = (Message("user", prompt),)
    if isinstance(completion, str):
        completion = (Message(ASSISTANT, completion),)
    digest = content_digest(prompt, completion)
    return Transcript(
        id=digest,
        prompt=prompt,
        completion=completion,
        response_class=response_class,
        labels=labels or {},
        content_digest=digest,
        prompt_digest=prompt_digest(prompt),
    )


def _identifier(row: Mapping[str, Any]) -> str:
    value = row.get("id")
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise RecordError(f"id must be a text or a whole number, not {kind_of(value)}")
    if not value:
        raise RecordError("id must not be empty; leave it out to have one made")
    return value


class _Identifiers:
    """Assigns ids to rows that have none, and rejects repeated ids."""

    def __init__(self) -> None:
        self._seen = CompactIndex()
        """For each id half a digest of its content, then its line, 32 bits each."""
        self._occurrences = CompactIndex()

    def admit(self, transcript: Transcript, line: int) -> Transcript:
        """Return the transcript with its id. Raise RecordError if the id is taken."""
        digest = transcript.content_digest
        if not transcript.id:
            transcript = replace(transcript, id=self._next_free(digest))
        content = int(digest[:8], 16)
        if (before := self._seen.get(transcript.id)) is not None:
            raise RecordError(
                f"the id {quoted(transcript.id)} is already on line {before & 0xFFFF_FFFF}, "
                f"with {'the same' if before >> 32 == content else 'other'} content"
            )
        self._seen.set(transcript.id, content << 32 | line)
        return transcript

    def _next_free(self, digest: str) -> str:
        if self._seen.get(digest) is None:
            return digest
        occurrence = self._occurrences.get(digest) or 1
        while True:
            occurrence += 1
            identifier = f"{digest}-{occurrence}"
            if self._seen.get(identifier) is None:
                self._occurrences.set(digest, occurrence)
                return identifier


def sampled(transcripts: Iterable[Transcript], size: int, seed: int) -> Iterator[Transcript]:
    """
    Draw ``size`` transcripts at random, and yield them in their original order.

    Which are drawn depends on the seed and their ids alone, so that a file that grows or is
    shuffled keeps most of its sample. Reads the whole stream and holds only the sample.
    """
    # The greatest key is at the heap's top when keys are negated: it is the first to go.
    drawn: list[tuple[int, int, Transcript]] = []
    for position, transcript in enumerate(transcripts):
        entry = (-_key(transcript.id, seed), position, transcript)
        if len(drawn) < size:
            heapq.heappush(drawn, entry)
        elif drawn and entry > drawn[0]:
            heapq.heapreplace(drawn, entry)
    for _, _, transcript in sorted(drawn, key=lambda entry: entry[1]):
        yield transcript


def _key(identifier: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed}:{identifier}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")
