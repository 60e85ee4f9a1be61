"""
Digests of a transcript's text, by which results are joined back to it and rows are grouped.

A digest is the first 32 hexadecimal digits of the SHA-256 of a JSON text in UTF-8, without
spaces and without escapes beyond JSON's own: of ``[[role, content], ...]`` for a prompt, of
``[prompt, completion]``, each such a list, for the content. Text and messages, and content given
whole or in parts, come to the same digest when they say the same.
"""

from collections.abc import Sequence

from rbrctl.digests import digest_of
from rbrctl.records.models import Message


def prompt_digest(prompt: Sequence[Message]) -> str:
    """Digest a prompt's roles and contents."""
    return digest_of(_pairs(prompt))


def content_digest(prompt: Sequence[Message], completion: Sequence[Message]) -> str:
    """Digest a prompt and its completion together."""
    return digest_of([_pairs(prompt), _pairs(completion)])


def _pairs(messages: Sequence[Message]) -> list[list[str]]:
    return [[message.role, message.content] for message in messages]
