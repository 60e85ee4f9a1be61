"""The protocol of graders; the packages above this one do not know which grader they ask."""

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
    """Answers propositions of one rule set about transcripts."""

    @property
    def identity(self) -> GraderIdentity:
        """The grader's name, with a digest of everything that is the same for all propositions."""
        ...

    @property
    def question_digests(self) -> Mapping[str, str]:
        """
        The digest of the question as it would be asked, for each proposition that it can answer.

        The grader cannot answer a proposition that is absent here.
        """
        ...

    @property
    def asks_together(self) -> bool:
        """True if asking all propositions of a transcript costs no more than asking one."""
        ...

    @property
    def concurrency(self) -> int:
        """The number of transcripts that may be in flight at once; at least 1."""
        ...

    @property
    def notes(self) -> Sequence[GraderNote]:
        """Notes for the user after a run, for example on what was cut and what it cost."""
        ...

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """
        Answer the named propositions about one transcript.

        Every name in ``propositions`` is in ``question_digests``, and each gets an Answer, which
        may be an error. Raises GraderError only if going on is pointless (a wrong key, a dead
        server).
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
    """The settings of the endpoint to ask; None if no endpoint was named."""
    cache: "AnswerCache | None" = None
    """The cache of an endpoint's answers; None keeps them in memory only."""
    sample: Sequence[Transcript] = ()
    """Some of the transcripts to grade."""
    offline: bool = False
    """True if no call may be made, for an estimate."""
    on_problem: ProblemHandler = raise_problem
    """Called with each bad line of a file that the grader reads."""


class GraderKind(Protocol):
    """
    A kind of grader, as ``--grader KIND[:ARGUMENT]`` names it.

    Each kind is a module of ``rbrctl.graders.kinds`` with an object ``KIND`` of this protocol; the
    module's name is the kind's name.
    """

    @property
    def help(self) -> str:
        """The way in which the kind is written, and what it does, in a few words."""
        ...

    @property
    def asks_endpoint(self) -> bool:
        """True if the kind needs the settings of an endpoint."""
        ...

    @property
    def sees(self) -> frozenset[str]:
        """The keys of a proposition in the rule set that its answers depend on."""
        ...

    def check(self, argument: str) -> None:
        """Raise UsageError if the argument is missing or makes no sense."""
        ...

    async def open(self, request: OpenRequest) -> OpenedGrader:
        """
        Open a grader of this kind inside the running event loop.

        Raises UsageError, FileError or GraderError if it cannot be opened.
        """
        ...
