"""Settings of the reward server: address, authentication and limits."""

import ipaddress
from dataclasses import dataclass

from rbrctl.errors import UsageError

DEFAULT_PORT = 8765
DRAIN_SECONDS = 25
"""Seconds for requests in progress at the end; fewer than the 30 after which supervisors kill."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request and of all requests together."""

    body_bytes: int = 8 * 1024 * 1024
    completions: int = 1024
    """Largest number of completions in one request."""
    waiting: int = 10_000
    """Largest number of completions that wait, over all requests; others get status 503."""
    body_seconds: float = 30.0
    """Seconds in which the body of a request must arrive."""
    grading_seconds: float = 170.0
    """Seconds in which a request is graded; fewer than the 180 that OpenRLHF waits."""
    header_bytes: int = 64 * 1024
    """Largest size of the headers of a request, and of anything else outside a body."""
    header_seconds: float = 30.0
    """Seconds in which the headers of a request must arrive, once it has begun."""
    connections: int = 10_000
    """Largest number of open connections; the limit of the process may be lower."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The address on which the service listens, and the token that requests must bring."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a bad port or token, or for no token on a public address."""
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
    """Return whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
