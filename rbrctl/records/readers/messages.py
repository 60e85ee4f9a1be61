"""
One conversation in ``messages``, as chat endpoints and fine-tuning files have it.

The last message of the assistant is the completion, the messages before it are the prompt.
"""

from rbrctl.records.readers.interface import Reading, Row, read_conversation
from rbrctl.records.readers.published_gold import recognises as is_published_gold


def recognises(row: Row) -> bool:
    """Return True if there are messages and no completion beside them."""
    has_messages = row.get("completion") is None and row.get("messages") is not None
    return has_messages and not is_published_gold(row)


def read(row: Row) -> Reading:
    """Split the conversation before the last message of the assistant."""
    return Reading(*read_conversation(row))
