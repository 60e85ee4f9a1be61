"""Reads JSON from a server, and is strict where Python's own reader is lenient."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
"""The deepest nesting that is read; no reply has a reason for more than 10 levels."""
MAX_NUMBER_DIGITS = 300
"""An integer of more digits is above every float."""
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_QUICK_PASSES = 12
_HIDDEN = dict.fromkeys((*range(55296, 57344), *range(9), *range(14, 32), 127), "�")


class NoObjectError(ValueError):
    """It is JSON, and another kind of value than an object."""


class Unusable:
    """
    Stands where a reply has a value that JSON does not know, or two that contradict each other.

    It has none of the types that readers accept. So what needs the value fails, and nothing else.
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        """Keep what stood there, for messages."""
        self._what = what

    def __repr__(self) -> str:
        """Show what stood there."""
        return self._what


def _integer(text: str) -> int | Unusable:
    return int(text) if len(text) <= MAX_NUMBER_DIGITS else Unusable(f"{text[:20]}… (an integer)")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a name that comes twice counts only if both values are the same."""
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    first: dict[str, Any] = {}
    for name, item in pairs:
        if name in first and first[name] != item:
            value[name] = Unusable(f"two values, {first[name]!r:.60} and {item!r:.60}")
        first.setdefault(name, item)
    return value


_PLAIN = json.JSONDecoder(parse_constant=Unusable)
_CAREFUL = json.JSONDecoder(parse_constant=Unusable, parse_int=_integer, object_pairs_hook=_object)


def decode_reply(body: bytes) -> dict[str, Any]:
    """
    Read a server's reply as one JSON object.

    NaN, an integer beyond every float, and a name with two values become Unusable where they
    stand, so that they spoil nothing else. Raises ValueError with a reason for what is not UTF-8,
    not JSON, nested too deep, or another kind of value (NoObjectError).

    In replies with token probabilities, names that come twice are not looked for: these replies
    are long, and the check would take half as long again as reading them.
    """
    if _depth_exceeds(body, MAX_DEPTH):
        raise ValueError("it is nested too deep")
    decoder = _PLAIN if b'"top_logprobs"' in body else _CAREFUL
    try:
        text = body.decode("utf-8-sig")
        try:
            value = decoder.decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # An integer of more digits than Python converts.
            value = _CAREFUL.decode(text)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise NoObjectError(f"it is a JSON {type(value).__name__}, not an object")
    return value


def decode_object(body: bytes) -> dict[str, Any]:
    """
    Read a text as one JSON object in which everything is usable.

    Raises ValueError as decode_reply does, and for what that leaves as Unusable.
    """
    value = decode_reply(body)
    spoiled = _first_unusable(value)
    if spoiled is not None:
        raise ValueError(f"it is not JSON ({spoiled!r} is no value)")
    return value


def _first_unusable(value: Any) -> Unusable | None:
    if isinstance(value, Unusable):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = (_first_unusable(item) for item in items)
    return next((each for each in found if each is not None), None)


def _depth_exceeds(body: bytes, limit: int) -> bool:
    """
    Return whether brackets are nested deeper than a limit, in linear time for any body.

    First, innermost pairs are removed until few brackets are left; ordinary replies need a few
    passes. Only if that does not help, strings (which may hold brackets) are left out and the
    other brackets are counted one by one.
    """
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(_QUICK_PASSES):
        if len(brackets) <= limit:
            return False
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    depth = 0
    for byte in _STRING.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > limit:
            return True
    return False


def number_of(value: Any) -> float | None:
    """Return a number as a finite float; None for anything else, booleans included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def printable(text: str) -> str:
    """Return the text with a replacement mark for each character that no text file can hold."""
    return text.translate(_HIDDEN)


def shown(value: Any, limit: int = 300) -> str:
    """Return any value from a server as one short line."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1000:
        return "an integer of hundreds of digits"
    return shorten(value if isinstance(value, str) else repr(value), limit)


def shorten(text: str, limit: int = 300) -> str:
    """Return a text from outside as one line of at most ``limit`` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
