"""Request bodies that are encoded once, and filled for each transcript by joining bytes."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rbrctl.digests import digest_of_bytes
from rbrctl.graders.prompt.quoting import Quoted, conversation_digest, quote
from rbrctl.records.control_tokens import has_unlisted
from rbrctl.records.models import Transcript

SLOTS = ("conversation", "completion", "whole")
_MARK = secrets.token_hex(16)
SLOT_TEXTS = {slot: f"{_MARK}.{slot}." for slot in SLOTS}
"""Placeholders for the parts of a transcript while a form is made. They are random in each process,
so that no rule set can contain one."""
TRANSCRIPT_KEY_BYTES = 16
"""128 bits: enough that nobody can construct two transcripts with one digest."""
CHARACTERS_A_TOKEN = 4
"""The usual rule of thumb for English text; token counts made with it are estimates."""

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode(value: Any) -> bytes:
    """Encode a value as JSON in UTF-8."""
    return _write_json(value).encode("utf-8", "replace")


class Fragments:
    """
    A transcript's quoted parts as JSON text without its quotation marks, and its digest.

    The parts are made when they are first needed: an answer from the cache needs only the digest.
    """

    def __init__(self, transcript: Transcript) -> None:
        """Compute the digest of what will be quoted."""
        self._transcript = transcript
        digest = conversation_digest(transcript.prompt, transcript.completion)
        messages = (*transcript.prompt, *transcript.completion)
        if any(has_unlisted(message.content) for message in messages):
            # Version 0.1 quoted these texts differently, so its cached answers do not apply.
            digest = hashlib.sha256(b"tokens by shape " + digest).digest()
        self.digest = digest[:TRANSCRIPT_KEY_BYTES]

    @cached_property
    def parts(self) -> Mapping[str, bytes]:
        """The parts by slot."""
        quoted = quote(self._transcript.prompt, self._transcript.completion)
        return {slot: _inside(quoted, slot) for slot in SLOTS}

    @property
    def size(self) -> int:
        """Bytes of the conversation with the completion."""
        return len(self.parts["whole"])


def _inside(quoted: Quoted, slot: str) -> bytes:
    return encode(getattr(quoted, slot))[1:-1]


@dataclass(frozen=True, slots=True)
class Form:
    """JSON bytes with slots for a transcript's parts; ``digest`` covers every byte and slot."""

    pieces: tuple[bytes, ...]
    slots: tuple[str, ...]
    digest: str
    size: int
    """Bytes of the body without what fills the slots."""

    def fill(self, fragments: Fragments) -> bytes:
        """Return the whole body for a transcript."""
        parts = fragments.parts
        filled = [self.pieces[0]]
        for slot, piece in zip(self.slots, self.pieces[1:], strict=True):
            filled.append(parts[slot])
            filled.append(piece)
        return b"".join(filled)

    @property
    def prefix_size(self) -> int:
        """Bytes before the first slot: what requests of different transcripts share."""
        return len(self.pieces[0])

    @property
    def tail_size(self) -> int:
        """Bytes after the last slot."""
        return len(self.pieces[-1])


def form_of(body: Any) -> Form:
    """Return the form of a JSON value whose strings contain SLOT_TEXTS."""
    encoded = encode(body)
    pieces: list[bytes] = []
    slots: list[str] = []
    mark = f"{_MARK}.".encode()
    head, *rest = encoded.split(mark)
    pieces.append(head)
    for part in rest:
        slot, _, after = part.partition(b".")
        slots.append(slot.decode())
        pieces.append(after)
    content = b"".join(
        b"%d:%b%b;" % (len(fixed), fixed, name.encode())
        for fixed, name in zip(pieces, [*slots, ""], strict=True)
    )
    return Form(tuple(pieces), tuple(slots), digest_of_bytes(content), sum(map(len, pieces)))


def tokens_of(size: int) -> int:
    """Return an estimate of the tokens in ``size`` bytes of text."""
    return size // CHARACTERS_A_TOKEN + 1
