"""A key that never shows itself."""

from collections.abc import Iterable

from rbrctl.scrubbing import Scrubber


class Secret:
    """A text that is sent to a server and shown to nobody: not in a repr, a log or an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hold the text; surrounding white space, the usual slip of a pasted key, is dropped."""
        self._text = text.strip()

    def reveal(self) -> str:
        """Give the text itself, for the request's head and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        """Show that there is something, and nothing of it."""
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        """Tell whether there is a key at all."""
        return bool(self._text)

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        """Refuse to be pickled into a file."""
        raise TypeError("a Secret cannot be pickled")


def scrub(text: str, secrets: Iterable[Secret]) -> str:
    """Replace every secret in a text from outside (servers echo keys in their error bodies)."""
    return Scrubber(secret.reveal() for secret in secrets).text(text)
