"""The interface of transports, which carry requests to an endpoint, and their error."""

from typing import Protocol

from rbrctl.graders.endpoint.http.parser import Response


class TransportError(Exception):
    """
    A request got no whole response.

    - ``connected``: there was a connection.
    - ``retryable``: another try could help.
    - ``unanswered``: the connection ended before the first byte of the reply. That happens to an
      idle connection which the server closes at that very moment.
    - ``untrusted``: the server's certificate was refused.
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
        """Keep the message and what is known about the failure."""
        super().__init__(message)
        self.connected = connected
        self.retryable = retryable
        self.unanswered = unanswered
        self.untrusted = untrusted


class Transport(Protocol):
    """Sends a request and returns its whole response; redirects are not followed."""

    async def send(
        self, method: str, path: str, body: bytes, timeout: float, content_type: str
    ) -> Response:
        """
        Send a request to a path below the base address and return the response.

        ``timeout`` is in seconds, for everything after the connection is made. Raises
        TransportError.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
