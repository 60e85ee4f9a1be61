"""What every grader offers; the packages above this one do not know which grader they ask."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rbrctl.records.models import Answer, GraderIdentity, Transcript
from rbrctl.records.problems import ProblemHandler, raise_problem
from rbrctl.ruleset.model import RuleSet

if TYPE_CHECKING:
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.grader import EndpointGrader
    from rbrctl.graders.endpoint.settings import EndpointSettings


@dataclass(frozen=True, slots=True)
class GraderNote:
    """One sentence that the user should read after a run."""

    text: str
    is_warning: bool = False
    """True if the answers may be wrong: it is then shown even with ``--quiet``."""

    def __str__(self) -> str:
        """Return the sentence alone."""
        return self.text


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
    def notes(self) -> Sequence[GraderNote]:
        """What the user should be told after a run: what was cut off, what it cost."""
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


@dataclass(frozen=True, slots=True)
class ClassGuess:
    """The response class that a grader infers; exactly one of it and ``error`` is set."""

    response_class: str | None = None
    probability: float | None = None
    """P(class), summed over its categories; None if the source gives no probabilities."""
    category: str | None = None
    """The most probable category."""
    source: str | None = None
    error: str | None = None


class Classifier(Protocol):
    """Infers the response class of a request; the completion has no influence."""

    async def classify(self, transcript: Transcript) -> ClassGuess:
        """
        Return the guess, which may be an error.

        Raises GraderError only when going on is pointless.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenedGrader:
    """An open grader, and who infers response classes, if anyone does."""

    grader: Grader
    classifier: Classifier | None = None
    endpoint: "EndpointGrader | None" = None
    """The grader itself if it asks an endpoint, for estimates of calls and tokens."""
    keeps_answers: bool = False
    """True if the answers outlive the run in a cache."""


OpenGrader = Callable[[Sequence[Transcript], bool], Awaitable[OpenedGrader]]
"""
Opens a grader inside the event loop that it will belong to.

The arguments are some of the transcripts to grade, by which a prompt layout can be chosen, and
whether the grader may make no call, for an estimate.
"""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What a grader is opened with."""

    ruleset: RuleSet
    argument: str = ""
    """What follows the colon in ``--grader KIND:ARGUMENT``."""
    settings: "EndpointSettings | None" = None
    """Of the endpoint to ask; None where no endpoint was named."""
    cache: "AnswerCache | None" = None
    """Where an endpoint's answers are kept; None keeps them in memory only."""
    sample: Sequence[Transcript] = ()
    """Some of the transcripts to grade."""
    offline: bool = False
    """True if no call may be made, for an estimate."""
    on_problem: ProblemHandler = raise_problem
    """Is told of each bad line of a file that the grader reads."""


class GraderKind(Protocol):
    """
    A kind of grader, as ``--grader KIND[:ARGUMENT]`` names it.

    Each kind is a module of ``rbrctl.graders.kinds`` with an object ``KIND`` of this protocol; the
    module's name is the kind's name.
    """

    @property
    def help(self) -> str:
        """How the kind is written and what it does, in a few words."""
        ...

    @property
    def asks_endpoint(self) -> bool:
        """True if the kind needs the settings of an endpoint."""
        ...

    def check(self, argument: str) -> None:
        """Raise UsageError if the argument is missing or cannot be meant."""
        ...

    async def open(self, request: OpenRequest) -> OpenedGrader:
        """
        Open a grader of this kind inside the running event loop.

        Raises UsageError, FileError or GraderError if it cannot be opened.
        """
        ...
