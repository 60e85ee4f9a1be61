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
from rbrctl.records.messages import content_digest, messages_to_json, prompt_digest, read_messages
from rbrctl.records.models import Message, Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler, kind_of, quoted

ASSISTANT = "assistant"

_CONVERSATION_KEYS = ("prompt", "completion", "messages")
_OTHER_COMPLETION_KEYS = ("response", "output", "actual_output", "answer", "chosen", "text")


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
    rest = dict(row)
    prompt, completion = _conversation(rest)
    class_key = "response_type" if rest.get("response_class") is None else "response_class"
    labels_key = "propositions" if rest.get("labels") is None else "labels"
    transcript = Transcript(
        id=_identifier(rest),
        prompt=prompt,
        completion=completion,
        response_class=optional_text(rest, class_key),
        labels=read_labels(rest, labels_key),
        rank_label=optional_text(rest, "rank_label"),
        category=optional_text(rest, "category"),
        content_digest=content_digest(prompt, completion),
        prompt_digest=prompt_digest(prompt),
        extra=rest,
    )
    for key in ("id", class_key, labels_key, "rank_label", "category", *_CONVERSATION_KEYS):
        rest.pop(key, None)
    if class_key == "response_type":
        rest.pop("response_class", None)
    if labels_key == "propositions":
        rest.pop("labels", None)
    return transcript


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


def _conversation(row: Mapping[str, Any]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Read the prompt and the completion of a row. Raises RecordError."""
    if row.get("completion") is None and row.get("messages") is not None:
        return _split(read_messages(row["messages"], "messages", "user"))
    if row.get("completion") is None and "chosen" in row and "rejected" in row:
        raise RecordError(
            'no "completion", but a preference: only rbrctl reward fit and evaluate take those; '
            "elsewhere each of the two is a row of its own"
        )
    if row.get("completion") is None and isinstance(row.get("conversations"), list):
        raise RecordError(
            'no "completion", but "conversations": write them as "messages", each with "role" '
            '(user, assistant) and "content" in place of "from" and "value"'
        )
    for key, others in (("completion", _OTHER_COMPLETION_KEYS), ("prompt", ("question", "input"))):
        if row.get(key) is None:
            hint = _hint(row, others)
            raise RecordError(f'no "{key}"{hint}')
    prompt = read_messages(row["prompt"], "prompt", "user")
    completion = read_messages(row["completion"], "completion", ASSISTANT)
    if all(message.role != ASSISTANT for message in completion):
        raise RecordError("completion has no message of the assistant")
    return prompt, completion


def _hint(row: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """Name the key that may hold what is wanted, as other tools write it."""
    found = next((key for key in keys if key in row), None)
    if found is None:
        return ""
    inner = row[found]
    if isinstance(inner, dict) and "output" in inner:
        return f' (take it from "{found}.output", if that holds it)'
    return f' (rename "{found}", if it holds it)'


def _split(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == ASSISTANT:
            return messages[:index], (messages[index],)
    raise RecordError("messages has no message of the assistant, so no completion")


class _Identifiers:
    """Gives ids to the rows that have none and refuses one that comes again."""

    def __init__(self) -> None:
        self._seen = CompactIndex()
        """For each id half a digest of its content, then its line, 32 bits each."""
        self._occurrences = CompactIndex()

    def admit(self, transcript: Transcript, line: int) -> Transcript:
        """Give the transcript with its id. Raises RecordError for an id that was there before."""
        digest = transcript.content_digest
        if not transcript.id:
            transcript = replace(transcript, id=self._next_free(digest))
        content = int(digest[:8], 16)
        if (before := self._seen.get(transcript.id)) is not None:
            raise RecordError(
                f"the id {quoted(transcript.id)} stands on line {before & 0xFFFF_FFFF} already, "
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
    Draw ``size`` transcripts at random, and give them in their own order.

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
