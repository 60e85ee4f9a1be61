"""
What a reader of transcripts is: a module of this folder that turns one form of row into ours.

To read another form, add a module with two functions; nothing else needs to change:

- ``recognises(row)`` returns True for a row of its form, and only for such: readers are asked in
  the order of their modules' names, and the first that recognises a row reads it;
- ``read(row)`` returns the ``Reading`` of the row, or raises RecordError, which names the field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from rbrctl.errors import RecordError
from rbrctl.records.messages import read_messages
from rbrctl.records.models import Message

ASSISTANT = "assistant"
CONVERSATION_KEYS = ("prompt", "completion", "messages")

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in a row, and which keys hold what every form has."""

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    class_key: str = "response_class"
    labels_key: str = "labels"
    used: tuple[str, ...] = CONVERSATION_KEYS
    """Keys that the reader has read. The transcript does not carry them in ``extra``."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One form of row: how it is recognised and read."""

    recognises: Callable[[Row], bool]
    read: Callable[[Row], Reading]


def read_conversation(row: Row) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Return the prompt and the completion of a row in either of our own two forms."""
    if row.get("completion") is None:
        return split_at_completion(read_messages(row["messages"], "messages", "user"))
    prompt = read_messages(row["prompt"], "prompt", "user")
    completion = read_messages(row["completion"], "completion", ASSISTANT)
    if all(message.role != ASSISTANT for message in completion):
        raise RecordError("completion has no message of the assistant")
    return prompt, completion


def split_at_completion(
    messages: tuple[Message, ...],
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """
    Split a conversation: its last assistant message is the completion, all before it the prompt.

    Raises RecordError if the assistant says nothing.
    """
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == ASSISTANT:
            return messages[:index], (messages[index],)
    raise RecordError("the messages have none of the assistant, so there is no completion")
