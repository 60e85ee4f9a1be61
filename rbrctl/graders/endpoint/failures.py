"""What went wrong with a call, and whether to try again."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rbrctl.graders.endpoint.http_parser import Response
from rbrctl.graders.endpoint.json_replies import NoObjectError, decode_object, error_text, shorten
from rbrctl.graders.endpoint.rate_headers import retry_after
from rbrctl.graders.endpoint.transport import TransportError


class FailureKind(StrEnum):
    """What kind of thing went wrong."""

    KEY = "key"
    QUOTA = "quota"
    NOT_FOUND = "not found"
    REDIRECT = "redirect"
    REQUEST = "request"
    RATE = "rate"
    SERVER = "server"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    """A reply that was cut off, too slow, too large or no JSON."""


HOPELESS_KINDS = frozenset(
    {FailureKind.KEY, FailureKind.QUOTA, FailureKind.NOT_FOUND, FailureKind.REDIRECT}
)
"""Kinds that fail every call alike, unless one has succeeded before."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try: what it was, in words, and what may follow."""

    kind: FailureKind
    message: str
    retryable: bool
    status: int | None = None
    wait: float | None = None
    """Seconds that the server asked to wait; None where it did not say."""


class CallError(Exception):
    """A call failed for good; its answers become errors with this message."""

    def __init__(self, failure: Failure) -> None:
        """Keep the failure."""
        super().__init__(failure.message)
        self.failure = failure


def of_transport(error: TransportError) -> Failure:
    """Tell what a request without a whole response means."""
    kind = FailureKind.BROKEN if error.connected else FailureKind.UNREACHABLE
    return Failure(kind, str(error), error.retryable)


def of_response(response: Response) -> Failure | dict[str, Any]:
    """Read a whole response: the JSON object it holds, or how it failed."""
    if response.status == 200:
        return _of_success(response)
    if 300 <= response.status < 400:
        return _of_redirect(response)
    says = error_text(response.body)
    words = f"status {response.status}" + (f": {says}" if says else "")
    return _of_status(response, words)


def _of_success(response: Response) -> Failure | dict[str, Any]:
    try:
        value = decode_object(response.body)
    except ValueError as error:
        kind = response.headers.get("content-type", "no content type")
        start = shorten(response.body[:400].decode("utf-8", "replace"), 120)
        message = f"the reply cannot be read: {error}; {shorten(kind, 60)}; it begins {start!r}"
        # A server that speaks JSON, but of another shape, would say the same again.
        retryable = not isinstance(error, NoObjectError)
        return Failure(FailureKind.BROKEN, message, retryable, status=200)
    error_value = value.get("error")
    if not error_value or value.get("choices") or value.get("answers"):
        return value
    code = str(error_value.get("code")) if isinstance(error_value, dict) else ""
    status = int(code) if re.fullmatch("[45][0-9][0-9]", code) else 500
    words = f"an error with status 200: {error_text(response.body)}"
    return _of_status(Response(status, response.headers, response.body), words)


def _of_redirect(response: Response) -> Failure:
    target = shorten(response.headers.get("location", "an address that it does not name"), 200)
    message = (
        f"status {response.status}: the endpoint redirects to {target}; redirects are not"
        " followed, as they would carry the key along: if that address is right, give it"
        " as --base-url"
    )
    return Failure(FailureKind.REDIRECT, message, retryable=False, status=response.status)


def _of_status(response: Response, words: str) -> Failure:
    status = response.status
    kind, retryable = FailureKind.REQUEST, False
    if status in {401, 403}:
        kind = FailureKind.KEY
    elif status in {404, 405, 410}:
        kind = FailureKind.NOT_FOUND
    elif status == 402 or (status == 429 and b"insufficient_quota" in response.body[:65536]):
        kind = FailureKind.QUOTA
    elif status == 429:
        kind, retryable = FailureKind.RATE, True
    elif status in {503, 529}:
        kind, retryable = FailureKind.SERVER, True
    elif status >= 500 or status in {408, 409, 425}:
        kind, retryable = FailureKind.SERVER, status not in {501, 505}
    return Failure(kind, words, retryable, status, retry_after(response.headers))
