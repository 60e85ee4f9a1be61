"""Who may ask the server: the token, the host and origin of a request, and its content type."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from rbrctl.rewards.serving.settings import is_loopback

CHALLENGE = 'Bearer realm="rbrctl", Basic realm="rbrctl"'
"""The value of ``WWW-Authenticate`` in the reply to a request without the token."""


class RefusalError(Exception):
    """A request that is answered with an error status and a reason."""

    def __init__(self, status: int, message: str) -> None:
        """Take the status and the reason."""
        super().__init__(message)
        self.status = status


def brings_token(authorization: bytes, token: str) -> bool:
    """
    Return whether an ``Authorization`` header has the token, as Bearer or as Basic's password.

    Basic is for trainers that can put the token only into the address,
    ``http://reward:TOKEN@host/``; the user name in it is ignored.
    """
    scheme, _, given = authorization.strip().partition(b" ")
    given = given.strip()
    match scheme.lower():
        case b"bearer":
            return hmac.compare_digest(given, token.encode())
        case b"basic":
            return hmac.compare_digest(_password(given), token.encode())
        case _:
            return False


def _password(encoded: bytes) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
    return decoded.partition(b":")[2]


def check_origin(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """
    Raise RefusalError if a request does not come from a program on this machine.

    Without a token, a web page that is open in a browser here could otherwise reach the service:
    through a name of its own that resolves to loopback (``Host``), or by a request across origins
    (``Origin``).
    """
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) != 1 or not is_local_name(hosts[0]):
        given = hosts[0][:80] if hosts else ""
        raise RefusalError(
            403,
            f"the Host '{given}' is not this machine's; ask 127.0.0.1 or localhost, or have the "
            "server started with a token",
        )
    for name, value in headers:
        if name == b"origin":
            origin = value.decode("latin-1").strip().lower()
            scheme, _, authority = origin.partition("://")
            if scheme not in ("http", "https") or not is_local_name(authority):
                raise RefusalError(
                    403,
                    f"requests from the origin '{origin[:80]}' are refused: without a token, only "
                    "programs on this machine are served",
                )


def check_content_type(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise RefusalError for a body that is not declared as JSON, as a web page's form is not."""
    kinds = [value.decode("latin-1") for name, value in headers if name == b"content-type"]
    kind = kinds[0].partition(";")[0].strip().lower() if len(kinds) == 1 else ""
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        given = f"not '{kinds[0][:80]}'" if kinds else "and this request has none"
        raise RefusalError(415, f"the Content-Type must be application/json, {given}")


def is_local_name(authority: str) -> bool:
    """
    Return whether a ``Host`` names this machine: an address of loopback, or localhost.

    A port may follow. A name that merely resolves to loopback does not count: any web page can have
    one for itself.
    """
    host = authority.strip().lower()
    if host.startswith("["):
        host, bracket, port = host[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return False
    elif ":" in host:
        host, _, port = host.partition(":")
        if not _is_port(f":{port}"):
            return False
    return is_loopback(host.removesuffix("."))


def _is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and (text[1:] == "" or text[1:].isdigit())
