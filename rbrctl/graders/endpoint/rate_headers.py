"""What response headers say about when to come back."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """
    Give the seconds that the server asks to wait, None where it does not say.

    Reads ``retry-after-ms``, and ``Retry-After`` as seconds or as a date (RFC 9110, 10.2.3).
    """
    milliseconds = headers.get("retry-after-ms", "")
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    text = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def exhausted_for(headers: Mapping[str, str]) -> float:
    """
    Give the seconds until an exhausted allowance is filled again; 0 where nothing is exhausted.

    OpenAI's headers: ``x-ratelimit-remaining-requests`` (and ``-tokens``) with
    ``x-ratelimit-reset-requests`` such as ``120ms``, ``1s``, ``6m0s``.
    """
    if "x-ratelimit-remaining-requests" not in headers and (
        "x-ratelimit-remaining-tokens" not in headers
    ):
        return 0.0
    waits = [0.0]
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0":
            waits.append(duration(headers.get(f"x-ratelimit-reset-{what}", "")) or 0.0)
    return max(waits)


def duration(text: str) -> float | None:
    """Read ``1h2m3.5s``, ``120ms`` or plain seconds; None for anything else."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    if text.endswith("ms") and _NUMBER.fullmatch(text[:-2]):
        return float(text[:-2]) / 1000
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
