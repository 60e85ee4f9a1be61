"""What went wrong with a call, and whether another try could help."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rbrctl.graders.endpoint.chat.ends import broken_reason, error_in
from rbrctl.graders.endpoint.http.error_text import error_text, speaks_of_key, words_of
from rbrctl.graders.endpoint.http.json_body import NoObjectError, decode_reply, shorten, shown
from rbrctl.graders.endpoint.http.parser import Response
from rbrctl.graders.endpoint.http.rate_headers import retry_after
from rbrctl.graders.endpoint.http.transport import TransportError


class FailureKind(StrEnum):
    """The kind of a failure, on which retries and advice depend."""

    KEY = "key"
    QUOTA = "quota"
    NOT_FOUND = "not found"
    REDIRECT = "redirect"
    REQUEST = "request"
    RATE = "rate"
    SERVER = "server"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    """The server's certificate is not trusted."""
    BROKEN = "broken"
    """A reply that was cut off, too slow, too large or no JSON."""


HOPELESS_KINDS = frozenset(
    {
        FailureKind.KEY,
        FailureKind.QUOTA,
        FailureKind.NOT_FOUND,
        FailureKind.REDIRECT,
        FailureKind.CERTIFICATE,
    }
)
"""Kinds that make every call fail, unless one has succeeded before."""
_STATUS_OF_CODE = {
    "rate_limit": 429,
    "insufficient_quota": 402,
    "invalid_request": 400,
    "content_filter": 400,
    "content_policy": 400,
    "context_length": 400,
    "not_found": 404,
}
"""The HTTP status that belongs to an error's code or type in words, by how it begins."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try: its kind, a message, and whether and when to try again."""

    kind: FailureKind
    message: str
    retryable: bool
    status: int | None = None
    wait: float | None = None
    """Seconds that the server asked to wait; None if it did not say."""
    usage: Any = None
    """The reply's ``usage``, if a reply came: a failed call may cost something too."""
    taken: bool = False
    """True if the server accepted the request, but replied with status 200 and no answer."""


class CallError(Exception):
    """A call failed for good; its answers become errors with this message."""

    def __init__(self, failure: Failure) -> None:
        """Keep the failure."""
        super().__init__(failure.message)
        self.failure = failure


def of_transport(error: TransportError) -> Failure:
    """Return the failure of a request that got no whole response."""
    kind = FailureKind.BROKEN if error.connected else FailureKind.UNREACHABLE
    if error.untrusted:
        kind = FailureKind.CERTIFICATE
    return Failure(kind, str(error), error.retryable)


def of_response(response: Response, *, answer: bool = True) -> Failure | dict[str, Any]:
    """
    Return the JSON object of a whole response, or how the request failed.

    With ``answer=False`` the response reports on work (the status of a batch) and is no answer
    itself: then only an error at its top is a failure.
    """
    if response.status == 200:
        return _of_success(response, answer)
    if 300 <= response.status < 400:
        return _of_redirect(response)
    says = error_text(response.body)
    words = f"status {response.status}" + (f": {says}" if says else "")
    return _of_status(response, words)


def _of_success(response: Response, answer: bool) -> Failure | dict[str, Any]:
    try:
        value = decode_reply(response.body)
    except ValueError as error:
        kind = response.headers.get("content-type", "no content type")
        start = shorten(response.body[:400].decode("utf-8", "replace"), 120)
        message = f"the reply cannot be read: {error}; {shorten(kind, 60)}; it begins {start!r}"
        # A server that speaks JSON, but of another shape, would say the same again.
        retryable = not isinstance(error, NoObjectError)
        taken = response.body.lstrip()[:1] == b"{"
        return Failure(FailureKind.BROKEN, message, retryable, status=200, taken=taken)
    said = error_in(value) if answer else value.get("error") or None
    if said is not None:
        status = _status_of(said)
        words = f"an error with status 200: {shorten(words_of(said)) or shown(said)}"
        failure = _of_status(Response(status, response.headers, response.body), words)
        return replace(failure, usage=value.get("usage"), taken=True)
    reason = broken_reason(value)
    if reason is None:
        return value
    words = f"the endpoint broke off: finish reason {reason}"
    return Failure(FailureKind.SERVER, words, True, 200, usage=value.get("usage"), taken=True)


def _status_of(error: Any) -> int:
    """Return the HTTP status that belongs to an error in a 200 reply; 500 if it does not say."""
    if not isinstance(error, Mapping):
        return 500
    for name in ("code", "status", "status_code", "type"):
        said = shown(error.get(name), 60)
        if re.fullmatch("[45][0-9][0-9]", said):
            return int(said)
        known = (status for word, status in _STATUS_OF_CODE.items() if said.startswith(word))
        status = next(known, None)
        if status is not None:
            return status
    return 500


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
    if status in {401, 403} or (status != 429 and speaks_of_key(words)):
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
