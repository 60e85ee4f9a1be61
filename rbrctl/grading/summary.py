"""What a run did, and what it left incomplete."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.records.models import INFERRED, Result, Transcript
from rbrctl.ruleset.model import RuleSet

_DETAIL = re.compile(r"[:;(]|, ")


@dataclass(slots=True)
class RunSummary:
    """What a run did and what it left incomplete."""

    graded: int = 0
    """Transcripts that were given to the grader."""
    kept: int = 0
    """Results of an earlier run that needed no grader."""
    by_category: int = 0
    """Transcripts whose response class is that of their category."""
    without_class: int = 0
    """Transcripts that have no response class, and for which none could be found."""
    inferred_class: int = 0
    """Transcripts whose response class the grader inferred."""
    failed_inferences: int = 0
    first_failed_inference: str | None = None
    """The error of the first inference that failed."""
    unknown_classes: Counter[str] = field(default_factory=Counter)
    """The number of transcripts by a response class that the rule set does not have."""
    unknown_labels: Counter[str] = field(default_factory=Counter)
    """The number of labels by a proposition that the rule set does not have."""
    unknown_rank_labels: Counter[str] = field(default_factory=Counter)
    """The number of rank labels by a rank that the rule set does not have."""
    failed_answers: Counter[str] = field(default_factory=Counter)
    """The number of failed answers by proposition."""
    first_failure: str | None = None
    """The error of the first answer that failed."""
    failure_kinds: Counter[str] = field(default_factory=Counter)
    """The number of failures by what their messages say before any detail."""
    low_mass: int = 0
    """Answers of this run in which yes and no had little probability together."""
    unanswerable: tuple[str, ...] = ()
    """Propositions that the rules of some transcript need and the grader cannot answer."""

    @property
    def total(self) -> int:
        """The number of transcripts that have a result."""
        return self.graded + self.kept

    @property
    def complete(self) -> bool:
        """True if every transcript has a class and every answer that its rules need."""
        return not (
            self.without_class
            or self.failed_inferences
            or self.unknown_classes
            or self.failed_answers
            or self.unanswerable
        )

    def add_graded(self, result: Result) -> None:
        """Count a result that the grader has answered in this run."""
        self.graded += 1
        self._add_class(result)
        for name, answer in result.answers.items():
            if answer.error is not None:
                self.failed_answers[name] += 1
                self.failure_kinds[failure_kind(answer.error)] += 1
                self.first_failure = self.first_failure or answer.error
            elif answer.details.get("low_mass"):
                self.low_mass += 1

    def add_kept(self, result: Result) -> None:
        """Count a result of an earlier run."""
        self.kept += 1
        self._add_class(result)

    def add_unknown_names(self, transcript: Transcript, ruleset: RuleSet) -> None:
        """Count the labels of a transcript that name what the rule set does not have."""
        for name in transcript.labels:
            if name not in ruleset.propositions:
                self.unknown_labels[name] += 1
        rank_label = transcript.rank_label
        if rank_label is not None and rank_label not in ruleset.ranks:
            self.unknown_rank_labels[rank_label] += 1

    def add_failed_inference(self, error: str | None) -> None:
        """Count a response class that could not be inferred."""
        self.failed_inferences += 1
        self.first_failed_inference = self.first_failed_inference or error

    def add_unanswerable(self, names: set[str], known: Mapping[str, object]) -> None:
        """Note propositions that cannot be answered, in the order of ``known``."""
        if not names <= set(self.unanswerable):
            names = names.union(self.unanswerable)
            self.unanswerable = tuple(name for name in known if name in names)

    def _add_class(self, result: Result) -> None:
        if result.response_class_source == INFERRED:
            self.inferred_class += 1
        elif has_no_class(result):
            self.without_class += 1


def has_no_class(result: Result) -> bool:
    """Return True if no response class was given, whether known or not, and none was inferred."""
    return result.response_class is None and result.unresolved_class is None


def failure_kind(message: str) -> str:
    """
    Return what an error message says before its details.

    Numbers are replaced by ``N``, so that messages that differ only in them count as one kind; the
    number of an HTTP status stays.
    """
    kind = _DETAIL.split(message, maxsplit=1)[0].strip()
    return kind if kind.startswith("status ") else re.sub(r"\d[\d,.]*", "N", kind)
