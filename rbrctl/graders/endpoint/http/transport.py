"""What carries requests to an endpoint, and how it fails."""

from typing import Protocol

from rbrctl.graders.endpoint.http.parser import Response


class TransportError(Exception):
    """
    A request got no whole response.

    ``connected`` tells whether there was a connection; ``retryable`` whether another try can help
    at all; ``unanswered`` that the connection ended before a byte of the reply, as one does that
    the server had given up just then; ``untrusted`` that the server's certificate was refused.
    """

    def __init__(
        self,
        message: str,
        *,
        connected: bool = True,
        retryable: bool = True,
        unanswered: bool = False,
        untrusted: bool = False,
    ) -> None:
        """Keep the message and what it means for another try."""
        super().__init__(message)
        self.connected = connected
        self.retryable = retryable
        self.unanswered = unanswered
        self.untrusted = untrusted


class Transport(Protocol):
    """Sends one request and gives its whole response; redirects are not followed."""

    async def send(
        self, method: str, path: str, body: bytes, timeout: float, content_type: str
    ) -> Response:
        """
        Send a request to a path below the base address.

        ``timeout`` is in seconds, for everything after the connection stands. Raises
        TransportError.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
