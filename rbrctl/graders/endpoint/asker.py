"""The interface of all modes: propositions become calls, and replies become answers."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from rbrctl.graders.prompt.forms import Fragments
from rbrctl.records.models import Answer


class Asker(Protocol):
    """Asks propositions about a transcript in one mode, over one client."""

    @property
    def source(self) -> str:
        """The name of the mode, which says what evidence its answers rest on."""
        ...

    @property
    def asks_together(self) -> bool:
        """True if one call answers all propositions of a transcript."""
        ...

    @property
    def digests(self) -> Mapping[str, str]:
        """The digest of the whole request for each proposition that can be asked."""
        ...

    def groups(self, names: Sequence[str]) -> Sequence[Sequence[str]]:
        """Split propositions into groups; each group is asked in one call."""
        ...

    def request_size(self, fragments: Fragments, group: Sequence[str]) -> int:
        """Return how many bytes a group's requests have, all samples together."""
        ...

    def output_tokens(self, group: Sequence[str]) -> int:
        """Estimate how many tokens come back for a group, all samples together."""
        ...

    def calls(self, group: Sequence[str]) -> int:
        """Return the number of calls for a group."""
        ...

    async def ask(self, fragments: Fragments, group: Sequence[str]) -> Mapping[str, Answer]:
        """
        Ask a group; every name gets an answer, which may be an error.

        Raises GraderError only if going on is pointless.
        """
        ...
