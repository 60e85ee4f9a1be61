"""What response headers say about when to come back."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MOST_DIGITS = 300
LONGEST = 1e9
"""The longest wait in seconds; a longer one counts as this one."""
LONGEST_RESET = 300.0
"""The longest time in seconds that is waited for an allowance to be filled up again."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """
    Return the seconds that the server asks to wait; None if it does not say.

    Reads ``retry-after-ms``, and ``Retry-After`` as seconds or as a date (RFC 9110, 10.2.3).
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return min(milliseconds / 1000, LONGEST)
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return min(seconds, LONGEST)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), LONGEST)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _number(text: str) -> float | None:
    """Read a number; None for a negative one or any other text."""
    if not _NUMBER.fullmatch(text):
        return None
    # Beyond that many digits it is above every float, and parsing it would cost time.
    return float(text) if len(text) <= _MOST_DIGITS else math.inf


def exhausted_for(headers: Mapping[str, str]) -> float:
    """
    Return the seconds until an exhausted allowance is filled again; 0 if nothing is exhausted.

    OpenAI's headers: ``x-ratelimit-remaining-requests`` (and ``-tokens``) with
    ``x-ratelimit-reset-requests`` such as ``120ms``, ``1s``, ``6m0s``. A reset that is further
    away than five minutes, or no time at all, is left to the server to refuse calls by.
    """
    if "x-ratelimit-remaining-requests" not in headers and (
        "x-ratelimit-remaining-tokens" not in headers
    ):
        return 0.0
    waits = [0.0]
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0":
            waits.append(duration(headers.get(f"x-ratelimit-reset-{what}", "")) or 0.0)
    return max(wait for wait in waits if wait <= LONGEST_RESET)


def duration(text: str) -> float | None:
    """Read ``1h2m3.5s``, ``120ms`` or plain seconds; None for anything else."""
    text = text.strip()[:_MOST_DIGITS]
    seconds = _number(text)
    if seconds is not None:
        return seconds
    milliseconds = _number(text[:-2]) if text.endswith("ms") else None
    if milliseconds is not None:
        return milliseconds / 1000
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
