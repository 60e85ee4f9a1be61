"""Transcripts, answers and results as plain, frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rbrctl.states import RuleState as RuleState

INFERRED = "inferred"
"""The ``response_class_source`` of a class that the grader found, not the transcript."""
ANSWER_THRESHOLD = 0.5
"""P(true) from which on an answer is taken as true, where no calibration says otherwise."""

LAZY_REFUSED = (
    "these results were asked lazily: which propositions have answers depends on the answers, so"
    " that accuracy, calibration and weights made from them are biased; grade with --ask needed"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation, the completion to judge, and what is known about them."""

    id: str
    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    response_class: str | None = None
    """A name or an alias of the rule set, as the file spells it."""
    labels: Mapping[str, bool] = field(default_factory=dict)
    """A human's answers; an absent name is unknown, not false."""
    rank_label: str | None = None
    category: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the file that have no meaning here, carried through."""
    content_digest: str = ""
    """Digest of the prompt and the completion."""
    prompt_digest: str = ""
    """Digest of the prompt alone, by which folds and clusters are grouped."""

    @property
    def completion_text(self) -> str:
        """The assistant's words, its messages joined by blank lines; no tool's and no user's."""
        return "\n\n".join(
            message.content for message in self.completion if message.role == "assistant"
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """
    P(true) of one proposition for one transcript and where it came from; or an error.

    Exactly one of ``probability`` (in [0, 1]) and ``error`` is set.
    """

    probability: float | None = None
    source: str | None = None
    """What kind of evidence gave it: ``embedded``, ``cues``, ``decisions``, ``logprobs``, ..."""
    digest: str | None = None
    """Digest of what the grader was given; an answer is stale only if this changes."""
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else the source tells (probability mass, raw text, repeats), carried through."""


@dataclass(frozen=True, slots=True)
class GraderIdentity:
    """Which grader gave a result's answers."""

    kind: str
    """``embedded``, ``endpoint`` or ``recorded``."""
    digest: str
    model: str | None = None
    mode: str | None = None


class Versioned(Protocol):
    """What a rule set is known by, as this package sees it."""

    @property
    def name(self) -> str:
        """Name of the rule set."""
        ...

    @property
    def version(self) -> str:
        """Version that its author gave it."""
        ...

    @property
    def digest(self) -> str:
        """Digest of what its rules mean and protect."""
        ...

    @property
    def legacy_digest(self) -> str:
        """The digest that version 0.1 gave the same rules."""
        ...


@dataclass(frozen=True, slots=True)
class RuleSetIdentity:
    """Which rule set gave a result's verdict."""

    name: str
    version: str
    digest: str
    legacy_digest: str = field(default="", compare=False, repr=False)
    """The digest of version 0.1 for the same rules; empty where only a file names the rule set."""

    @classmethod
    def of(cls, ruleset: Versioned) -> "RuleSetIdentity":
        """Return how results name a rule set."""
        return cls(ruleset.name, ruleset.version, ruleset.digest, ruleset.legacy_digest)

    def has_digest(self, digest: str) -> bool:
        """Return True if results with this digest were judged by these rules."""
        return digest == self.digest or (bool(digest) and digest == self.legacy_digest)


@dataclass(frozen=True, slots=True)
class Result:
    """A graded transcript without its text: answers, verdict, and who gave them."""

    id: str
    content_digest: str
    prompt_digest: str
    answers: Mapping[str, Answer]
    grader: GraderIdentity
    ruleset: RuleSetIdentity
    response_class: str | None = None
    """Resolved to the rule set's own name; None when the transcript has none."""
    response_class_source: str | None = None
    """``given`` or ``inferred`` (``INFERRED``)."""
    labels: Mapping[str, bool] = field(default_factory=dict)
    rank_label: str | None = None
    category: str | None = None
    rules: Mapping[str, RuleState] = field(default_factory=dict)
    rank: str | None = None
    """None when it is undetermined or there is no response class."""
    rank_probabilities: Mapping[str, float] | None = None
    axioms_broken: tuple[str, ...] = ()
    asked_lazily: bool = False
    """True if questions were asked one by one, only until the rank was settled."""
    unresolved_class: str | None = None
    """The response class that the transcript gives, if the rule set does not have it."""
    class_probability: float | None = None
    """Probability of an inferred response class, if the grader gives one."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the line, carried through."""
