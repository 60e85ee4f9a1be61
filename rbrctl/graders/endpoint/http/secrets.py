"""Keys that are never shown, and a transport that removes them from all that comes back."""

from collections.abc import Iterable

from rbrctl.graders.endpoint.http.parser import Response
from rbrctl.graders.endpoint.http.transport import Transport, TransportError
from rbrctl.scrubbing import Scrubber, without_credentials


class Secret:
    """A text that is sent to a server and shown to nobody: not in a repr, a log or an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text without white space around it, which pasted keys often have."""
        self._text = text.strip()

    def reveal(self) -> str:
        """Return the text itself; only the head of a request may hold it."""
        return self._text

    def __repr__(self) -> str:
        """Return a text that shows nothing of the secret."""
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        """Return whether there is a key at all."""
        return bool(self._text)

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        """Raise TypeError: no file may hold a pickled secret."""
        raise TypeError("a Secret cannot be pickled")


def scrub(text: str, secrets: Iterable[Secret]) -> str:
    """Replace every secret in a text from outside (servers echo keys in their error bodies)."""
    return Scrubber(secret.reveal() for secret in secrets).text(text)


class ScrubbedTransport:
    """
    Wraps another transport, and hides secrets in its responses and errors.

    Errors, raw texts in results, the cache, batch files and traces are all made from what comes
    through here. So a key that a server echoes gets no further.
    """

    def __init__(self, inner: Transport, secrets: Iterable[Secret]) -> None:
        """Hide these secrets in every response of ``inner``."""
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
                untrusted=error.untrusted,
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
