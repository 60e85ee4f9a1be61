"""A transport that takes the secrets out of all that comes back, before anyone reads it."""

from collections.abc import Iterable

from rbrctl.graders.endpoint.http.parser import Response
from rbrctl.graders.endpoint.http.secret import Secret
from rbrctl.graders.endpoint.http.transport import Transport, TransportError
from rbrctl.scrubbing import Scrubber, without_credentials


class ScrubbedTransport:
    """
    Wraps another transport.

    Errors, raw texts in results, the cache, fetched batch files and traces are all made of what
    comes through here, so that a key that a server echoes gets no further.
    """

    def __init__(self, inner: Transport, secrets: Iterable[Secret]) -> None:
        """Hide these secrets in what ``inner`` brings."""
        self._inner = inner
        self._scrubber = Scrubber(each.reveal() for each in secrets)

    async def send(
        self, method: str, path: str, body: bytes, timeout: float, content_type: str
    ) -> Response:
        """Send a request; see Transport."""
        try:
            reply = await self._inner.send(method, path, body, timeout, content_type)
        except TransportError as error:
            message = without_credentials(self._scrubber.text(str(error)))
            # The inner error would show the text again in a trace.
            raise TransportError(
                message,
                connected=error.connected,
                retryable=error.retryable,
                unanswered=error.unanswered,
            ) from None
        if reply.status >= 300 or "location" in reply.headers:
            headers = {
                name: without_credentials(self._scrubber.text(value))
                for name, value in reply.headers.items()
            }
        else:
            headers = reply.headers
        return Response(reply.status, headers, self._scrubber.body(reply.body))

    async def close(self) -> None:
        """Close every connection."""
        await self._inner.close()
