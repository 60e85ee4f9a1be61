"""Find the reader of a row, and explain a row that no reader recognises."""

from functools import cache

from rbrctl.errors import RecordError
from rbrctl.lazy import variants
from rbrctl.records.readers.interface import Reader, Reading, Row

_OTHER_COMPLETION_KEYS = ("response", "output", "actual_output", "answer", "chosen", "text")
_OTHER_PROMPT_KEYS = ("question", "input")


@cache
def all_readers() -> tuple[Reader, ...]:
    """Return the readers, in the order of their modules' names."""
    modules = variants("rbrctl.records.readers", "recognises")
    return tuple(Reader(module.recognises, module.read) for module in modules)


def read_row(row: Row) -> Reading:
    """Read a row in whatever form it has. Raises RecordError, which names the field."""
    for reader in all_readers():
        if reader.recognises(row):
            return reader.read(row)
    raise RecordError(_unrecognised(row))


def _unrecognised(row: Row) -> str:
    """Return a message: what the row lacks, and which of its keys may hold it in another form."""
    if row.get("completion") is not None:
        return f'no "prompt"{_hint(row, _OTHER_PROMPT_KEYS)}'
    if "chosen" in row and "rejected" in row:
        return (
            'no "completion", but a preference: only rbrctl reward fit and evaluate take those; '
            "elsewhere each of the two is a row of its own"
        )
    if isinstance(row.get("conversations"), list):
        return (
            'no "completion", but "conversations": write them as "messages", each with "role" '
            '(user, assistant) and "content" in place of "from" and "value"'
        )
    return f'no "completion"{_hint(row, _OTHER_COMPLETION_KEYS)}'


def _hint(row: Row, keys: tuple[str, ...]) -> str:
    found = next((key for key in keys if key in row), None)
    if found is None:
        return ""
    inner = row[found]
    if isinstance(inner, dict) and "output" in inner:
        return f' (take it from "{found}.output", if that holds it)'
    return f' (rename "{found}", if it holds it)'
