"""JSON Lines, read as a stream and strictly, and written."""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from rbrctl.errors import RecordError, cannot
from rbrctl.records.files import DataSource, open_input, replacing, source_name
from rbrctl.records.problems import LineProblem, ProblemHandler, kind_of, quoted

MAXIMUM_DEPTH = 64

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NO_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^][{}"]++', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json_lines(
    source: DataSource, on_problem: ProblemHandler, name: str | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """
    Yield each line's number (from 1) and its object; blank lines are skipped.

    A line may have any size and memory holds one at a time. A line that is not one JSON object in
    UTF-8 is told to ``on_problem`` and skipped; a byte order mark before the first is fine.
    ``name`` stands for the source in messages. Raises FileError (at the first step) where the
    source cannot be read.
    """
    name = name or source_name(source)
    with open_input(source) as stream:
        for number, line in _numbered_lines(stream, name):
            try:
                row = parse_object(line)
            except RecordError as error:
                on_problem(LineProblem(name, number, str(error)))
            else:
                yield number, row


def _numbered_lines(stream: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, without their ends. Raises FileError."""
    try:
        for number, line in enumerate(stream, start=1):
            if number == 1 and line.startswith(BYTE_ORDER_MARK):
                line = line[len(BYTE_ORDER_MARK) :]
            line = line.rstrip(b" \t\r\n")
            if line:
                yield number, line
    except OSError as error:
        raise cannot("read", name, error) from error


def parse_object(line: bytes) -> dict[str, Any]:
    """
    Parse one JSON object, more strictly than the standard library does.

    Raises RecordError for what is not UTF-8, not JSON, not an object, nested past MAXIMUM_DEPTH,
    NaN or infinite, a key twice in one object, or half of a surrogate pair.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(
            f"not UTF-8: byte 0x{line[error.start]:02x} at byte {error.start + 1} of the line"
        ) from error
    _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")
        hint = _lines_hint(text)
        raise RecordError(f"not JSON: {reason} at character {error.pos + 1}{hint}") from error
    except RecursionError as error:
        raise RecordError(f"nested deeper than {MAXIMUM_DEPTH} levels") from error
    except ValueError as error:
        raise RecordError("not usable JSON: it has a number of thousands of digits") from error
    if not isinstance(value, dict):
        hint = _lines_hint(text)
        raise RecordError(f"this must be an object, not {kind_of(value)}{hint}")
    if _SURROGATE_ESCAPE.search(text):
        _check_surrogates(value)
    return value


def _lines_hint(text: str) -> str:
    """Return how to turn the file into JSON Lines if it looks like one JSON document, else ""."""
    start = text.strip()
    if start.startswith("["):
        return "; JSON Lines are wanted, one object a line: jq -c '.[]' makes them of an array"
    if start == "{":
        return "; JSON Lines are wanted, one object a line: jq -c . makes them"
    return ""


def _check_depth(text: str) -> None:
    """
    Raise RecordError where brackets nest past MAXIMUM_DEPTH.

    Looked at before parsing, since how deep a parser can go depends on the interpreter's stack.
    """
    if text.count("[") + text.count("{") <= MAXIMUM_DEPTH:
        return
    depth = 0
    for bracket in _NO_BRACKETS.sub("", text):
        if bracket in "[{":
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise RecordError(f"nested deeper than {MAXIMUM_DEPTH} levels")
        else:
            depth -= 1


def _check_surrogates(value: dict[str, Any]) -> None:
    try:
        encode_line(value)
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        raise RecordError(
            f"not text: \\u{code:04x} is half of a surrogate pair without its other half"
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RecordError(f"the key {quoted(key)} appears twice in one object")
            seen.add(key)
    return value


def _refuse_constant(text: str) -> float:
    raise RecordError(f"{text} is not a JSON number; write null for what is unknown")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise RecordError(f"the number {text[:20]} is too large")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite
)


def encode_line(row: Mapping[str, Any]) -> bytes:
    """
    Write one object as a line of UTF-8 with its newline; text is not escaped beyond need.

    Raises ValueError for NaN and infinities, which are not JSON.
    """
    text = json.dumps(row, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)
    return text.encode("utf-8") + b"\n"


def write_json_lines(path: str | os.PathLike[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """
    Write objects as JSON Lines and return their number.

    The file is replaced whole when all rows are written, or left as it was. Raises FileError.
    """
    count = 0
    with replacing(path) as stream:
        for row in rows:
            stream.write(encode_line(row))
            count += 1
    return count
