"""How the service listens and what it bears."""

import ipaddress
from dataclasses import dataclass

from rbrctl.errors import UsageError

DEFAULT_PORT = 8765
DRAIN_SECONDS = 25
"""For what has begun at the end: less than the 30 seconds after which supervisors kill."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request and all together may ask for."""

    body_bytes: int = 8 * 1024 * 1024
    completions: int = 1024
    """In one request."""
    waiting: int = 10_000
    """Completions that wait to be graded, over all requests; more are told to come again."""
    body_seconds: float = 30.0
    """For a body to arrive."""
    grading_seconds: float = 170.0
    """For a reply: less than the 180 seconds that OpenRLHF waits."""
    header_bytes: int = 64 * 1024
    """Of the headers of one request, and of whatever else is no body."""
    header_seconds: float = 30.0
    """For the headers of a request to arrive, once it has begun."""
    connections: int = 10_000
    """Open at once, or fewer where the process may open no more; others are told to come again."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the service listens, and the token that requests must bring."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a port or token that is none, or an open door without a token."""
        if not 0 <= self.port <= 65535:
            raise UsageError(f"the port must lie between 0 and 65535, not {self.port}")
        if self.token is None:
            if not is_loopback(self.host):
                raise UsageError(
                    f"listening on {self.host} lets other machines in: set a token, which requests "
                    "then bring as 'Authorization: Bearer TOKEN'"
                )
        elif len(self.token) < 16:
            raise UsageError("the token must have at least 16 characters")
        elif not all("!" <= character <= "~" for character in self.token):
            raise UsageError(
                "the token must be of ASCII letters, digits and signs without white space: no "
                "header can bring another"
            )


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
