"""
The rows published with *Rule Based Rewards for Language Model Safety* (Mu et al., 2024).

They are our own rows, but call the response class ``response_type`` and the labels
``propositions``. A row may have only one of these keys, or our key beside it, which then counts.
"""

from rbrctl.records.readers.interface import CONVERSATION_KEYS, Reading, Row, read_conversation


def recognises(row: Row) -> bool:
    """Return True if a row has a conversation and one of the two keys in place of ours."""
    if "response_type" not in row and "propositions" not in row:
        return False  # Most rows of other forms: every reader asks, so this has to be quick.
    if _class_key(row) == "response_class" and _labels_key(row) == "labels":
        return False
    if row.get("completion") is None:
        return row.get("messages") is not None
    return row.get("prompt") is not None


def read(row: Row) -> Reading:
    """Read the conversation, and tell which keys hold the class and the labels."""
    class_key, labels_key = _class_key(row), _labels_key(row)
    # A key of ours is only there with the value null, which says nothing.
    used = (*CONVERSATION_KEYS, *({"response_class", "labels"} & row.keys()))
    return Reading(*read_conversation(row), class_key, labels_key, used)


def _class_key(row: Row) -> str:
    is_theirs = row.get("response_class") is None and "response_type" in row
    return "response_type" if is_theirs else "response_class"


def _labels_key(row: Row) -> str:
    is_theirs = row.get("labels") is None and "propositions" in row
    return "propositions" if is_theirs else "labels"
