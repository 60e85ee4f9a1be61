"""Our own form: ``prompt`` and ``completion``, each a text or a list of messages."""

from rbrctl.records.readers.interface import Reading, Row, read_conversation
from rbrctl.records.readers.published_gold import recognises as is_published_gold


def recognises(row: Row) -> bool:
    """Return True if both parts are there and the keys are not those of the published gold set."""
    has_both = row.get("completion") is not None and row.get("prompt") is not None
    return has_both and not is_published_gold(row)


def read(row: Row) -> Reading:
    """Read both parts."""
    return Reading(*read_conversation(row))
