"""Reading JSON from a server: strict where Python's own reader is lenient."""

import json
from typing import Any, NoReturn


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


class NoObjectError(ValueError):
    """It is JSON, and another kind of value than an object."""


_DECODER = json.JSONDecoder(parse_constant=_reject)


def decode_object(body: bytes) -> dict[str, Any]:
    """
    Read a body as one JSON object.

    Raises ValueError with a reason for anything else: not UTF-8, not JSON, NaN, nested too deep,
    a number too long to read, another kind of value (NoObjectError).
    """
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise NoObjectError(f"it is a JSON {type(value).__name__}, not an object")
    return value


def shorten(text: str, limit: int = 300) -> str:
    """Put a text from outside on one line of at most ``limit`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def error_text(body: bytes) -> str:
    """
    Find what an error body says, in any of the shapes that servers use.

    ``{"error": {"message"}}``, ``{"error": text}``, ``{"detail": text or [{"loc", "msg"}]}``,
    ``{"message"}``, or plain text; empty where it says nothing.
    """
    try:
        value = decode_object(body[:65536])
    except ValueError:
        return shorten(body[:2000].decode("utf-8", "replace"))
    for name in ("error", "detail", "message"):
        text = _text_of(value.get(name))
        if text:
            return shorten(text)
    return shorten(body[:2000].decode("utf-8", "replace"))


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for name in ("message", "msg", "detail", "code", "type"):
            if isinstance(value.get(name), str) and value[name]:
                place = value.get("loc")
                where = f" at {'.'.join(map(str, place))}" if isinstance(place, list) else ""
                return f"{value[name]}{where}"
    if isinstance(value, list):
        return "; ".join(filter(None, map(_text_of, value[:5])))
    return ""
