"""What every mode offers: a way to turn propositions into calls, and replies into answers."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from rbrctl.graders.prompt.forms import Fragments
from rbrctl.records.models import Answer


class Asker(Protocol):
    """Asks propositions about a transcript in one mode, over one client."""

    @property
    def source(self) -> str:
        """What kind of evidence its answers rest on."""
        ...

    @property
    def asks_together(self) -> bool:
        """True where one call answers all propositions of a transcript."""
        ...

    @property
    def digests(self) -> Mapping[str, str]:
        """For each proposition that can be asked, the digest of all that changes its text."""
        ...

    def groups(self, names: Sequence[str]) -> Sequence[Sequence[str]]:
        """Split propositions into those that one call each asks."""
        ...

    def request_size(self, fragments: Fragments, group: Sequence[str]) -> int:
        """Give the bytes of what one call for that group would send, in all its samples."""
        ...

    def output_tokens(self, group: Sequence[str]) -> int:
        """Guess the tokens that come back for that group, in all its samples."""
        ...

    def calls(self, group: Sequence[str]) -> int:
        """Give the number of calls for that group."""
        ...

    async def ask(self, fragments: Fragments, group: Sequence[str]) -> Mapping[str, Answer]:
        """
        Ask a group; every name gets an Answer, be it an error.

        Raises GraderError only where going on is pointless.
        """
        ...
