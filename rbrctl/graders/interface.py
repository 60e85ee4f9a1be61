"""What every grader offers; nothing above this package knows which one it speaks to."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from rbrctl.records.models import Answer, GraderIdentity, Transcript


class Grader(Protocol):
    """Answers propositions about transcripts; bound to one rule set when it is made."""

    @property
    def identity(self) -> GraderIdentity:
        """Who answers, with a digest of everything that is the same for all propositions."""
        ...

    @property
    def question_digests(self) -> Mapping[str, str]:
        """
        For each proposition that it can answer, the digest of what it would be given.

        A proposition that is absent here is one that this grader knows nothing of.
        """
        ...

    @property
    def asks_together(self) -> bool:
        """True where all propositions of a transcript cost no more than one."""
        ...

    @property
    def concurrency(self) -> int:
        """How many transcripts may be in flight at once; at least 1."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What the user should be told after a run: what was cut, what it cost."""
        ...

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """
        Answer the named propositions about one transcript.

        Every name in ``propositions`` is in ``question_digests``; each gets an Answer, be it an
        error. Raises GraderError only where going on is pointless (a wrong key, a dead server).
        """
        ...

    async def close(self) -> None:
        """Release connections and files; the grader is not used again."""
        ...
