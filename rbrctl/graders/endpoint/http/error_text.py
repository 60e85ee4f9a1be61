"""Finds what a server says about an error, in the shapes of many servers."""

import html
import re
from collections.abc import Mapping
from typing import Any

from rbrctl.graders.endpoint.http.json_body import decode_reply, shorten

_MOST_READ = 65536
_NESTED = 5
_WORDS = ("message", "msg", "detail", "error", "errors", "description", "error_description")
_LABELS = ("title", "reason", "code", "type", "status")
_HIDDEN_PARTS = re.compile(r"<(script|style|head)\b.*?(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>?")
_KEY_WORDS = re.compile(
    r"no connected db|incorrect api[ _-]?key|unauthori[sz]ed|unauthenticated|not authenticated"
    r"|authentication[ _-]?(?:error|failed|failure|required)|no auth credentials"
    r"|could not validate credentials|invalid (?:auth\w*|access|bearer) (?:token|header|key)"
    r"|invalid (?:authentication|authorization|credentials?)\b"
    r"|(?:invalid|missing|no|bad|expired|malformed|unknown|wrong)[ _-](?:or missing )?api[ _-]?key"
    r"|api[ _-]?key\W{1,3}(?:\S+ )?(?:(?:is|was) )?(?:not (?:valid|found|provided|set)|invalid"
    r"|missing|required|expired|incorrect)"
    r"|(?:provide|need|requires?|pass(?:ed)?) (?:a |an |your )?(?:valid )?api[ _-]?key",
    re.IGNORECASE,
)


def error_text(body: bytes) -> str:
    """
    Return what the body of an error says.

    ``{"error": {"message"}}``, ``{"error": text}``, ``{"detail": text or [{"loc", "msg"}]}``,
    ``{"message"}``, ``{"errors": [...]}``, a list of any of them, a JSON text, a page of HTML or
    plain text are read. The result is empty if it says nothing.
    """
    text = body[:_MOST_READ].decode("utf-8-sig", "replace").strip()
    try:
        # In an object of our own, so that a list and a text are read as an object is.
        value = decode_reply(b'{"error":%b}' % text.encode("utf-8", "replace"))["error"]
    except ValueError:
        return _of_text(text)
    return shorten(words_of(value)) or shorten(text)


def words_of(error: Any, depth: int = _NESTED) -> str:
    """Return the words of an error that is decoded already; empty if it has none."""
    if isinstance(error, str):
        return _of_text(error)
    if depth == 0:
        return ""
    if isinstance(error, list):
        found = (words_of(item, depth - 1) for item in error[:5])
        return "; ".join(dict.fromkeys(filter(None, found)))
    return _of_object(error, depth) if isinstance(error, Mapping) else ""


def speaks_of_key(words: str) -> bool:
    """Return whether an error is about the key, whatever its status."""
    return _KEY_WORDS.search(words) is not None


def _of_object(error: Mapping[str, Any], depth: int) -> str:
    for name in (*_WORDS, *_LABELS):
        text = words_of(error.get(name), depth - 1)
        if not text:
            continue
        place = error.get("loc")
        if isinstance(place, list):
            text += f" at {'.'.join(str(each)[:40] for each in place[:8])}"
        more = _of_provider(error.get("metadata"))
        return f"{text} ({more})" if more and more not in text else text
    return ""


def _of_provider(metadata: Any) -> str:
    """Return what the provider behind a gateway said (OpenRouter's ``metadata.raw``)."""
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    return error_text(raw.encode("utf-8", "replace")) if isinstance(raw, str) else words_of(raw)


def _of_text(text: str) -> str:
    """Return the words of a page of HTML; any other text is returned as it is."""
    if not re.match(r"\s*<(?:!doctype|html|head|body|h1|center|title)\b", text, re.IGNORECASE):
        return shorten(text[:2000])
    title = _TITLE.search(text)
    words = html.unescape(_TAG.sub(" ", _HIDDEN_PARTS.sub(" ", text[:20000])))
    named = html.unescape(title[1]) if title else ""
    shown = words if named.strip() in words else f"{named}: {words}"
    return shorten(shown.strip(": \n") or text)
