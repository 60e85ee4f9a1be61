"""Conversations as data files write them, turned into messages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rbrctl.digests import digest_of
from rbrctl.errors import RecordError
from rbrctl.records.models import Message
from rbrctl.records.problems import kind_of, quoted
from rbrctl.records.thinking import is_thinking_part

_PART_TEXT_KEYS = ("text", "refusal")


def read_messages(value: object, where: str, text_role: str) -> tuple[Message, ...]:
    """
    Read a text (one message of ``text_role``) or a list of messages.

    Of a message its ``role`` and ``content`` are read, or its ``refusal`` where the content is
    null; nothing else in it counts. Raises RecordError, which names ``where``.
    """
    if isinstance(value, str):
        return (Message(text_role, value),)
    if not isinstance(value, list):
        raise RecordError(f"{where} must be a text or a list of messages, not {kind_of(value)}")
    return tuple(_message(item, f"{where}[{index}]") for index, item in enumerate(value))


def messages_to_json(messages: Iterable[Message]) -> list[dict[str, str]]:
    """Write messages as data files and endpoints have them: objects with role and content."""
    return [{"role": message.role, "content": message.content} for message in messages]


def _message(value: object, where: str) -> Message:
    if not isinstance(value, dict):
        raise RecordError(f'{where} must be an object with "role" and "content"')
    role = value.get("role")
    if not isinstance(role, str) or not role:
        found = kind_of(role) if "role" in value else "nothing"
        raise RecordError(f"{where}.role must be a text such as user or assistant, not {found}")
    if "content" not in value and "refusal" not in value and "tool_calls" not in value:
        raise RecordError(f'{where} has no "content"')
    return Message(role, _content(value, where))


def _content(message: Mapping[str, Any], where: str) -> str:
    content = message.get("content")
    if content is None:
        refusal = message.get("refusal")
        return refusal if isinstance(refusal, str) else ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RecordError(
            f"{where}.content must be a text, a list of parts or null, not {kind_of(content)}"
        )
    return "\n".join(
        _part(part, f"{where}.content[{index}]")
        for index, part in enumerate(content)
        if not (isinstance(part, dict) and is_thinking_part(part))
    )


def _part(part: object, where: str) -> str:
    """Return the text of one content part. Raise RecordError if it is not text."""
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        for key in _PART_TEXT_KEYS:
            if isinstance(part.get(key), str):
                return str(part[key])
        if "type" in part:
            raise RecordError(f"{where} is of type {quoted(part['type'])}; only text can be judged")
    raise RecordError(f'{where} must be a text or an object with "text"')


def prompt_digest(prompt: Sequence[Message]) -> str:
    """Digest a prompt's roles and contents."""
    return digest_of(_pairs(prompt))


def content_digest(prompt: Sequence[Message], completion: Sequence[Message]) -> str:
    """Digest a prompt and its completion together."""
    return digest_of([_pairs(prompt), _pairs(completion)])


def _pairs(messages: Sequence[Message]) -> list[list[str]]:
    return [[message.role, message.content] for message in messages]
