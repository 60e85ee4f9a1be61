"""What a run of grading did, and what it left undone."""

import re
from collections import Counter
from dataclasses import dataclass, field

_DETAIL = re.compile(r"[:;(]|, ")


def kind_of(message: str) -> str:
    """Give what an error message says before its details, with no number but a status."""
    kind = _DETAIL.split(message, maxsplit=1)[0].strip()
    return kind if kind.startswith("status ") else re.sub(r"\d[\d,.]*", "N", kind)


@dataclass(slots=True)
class RunSummary:
    """What a run did, for the talk after it and for the exit code."""

    graded: int = 0
    kept: int = 0
    """Results of an earlier run that needed no grader."""
    without_class: int = 0
    inferred_class: int = 0
    failed_inferences: int = 0
    first_failed_inference: str | None = None
    unknown_classes: Counter[str] = field(default_factory=Counter)
    unknown_labels: Counter[str] = field(default_factory=Counter)
    unknown_rank_labels: Counter[str] = field(default_factory=Counter)
    failed_answers: Counter[str] = field(default_factory=Counter)
    """How often each proposition's answer was an error."""
    first_failure: str | None = None
    failure_kinds: Counter[str] = field(default_factory=Counter)
    """How often each kind of error came: what its message says before any detail."""
    low_mass: int = 0
    """Answers of this run in which yes and no had little probability together."""
    unanswerable: tuple[str, ...] = ()
    """Propositions that the rules need and the grader knows nothing of."""

    @property
    def total(self) -> int:
        """How many transcripts have a result."""
        return self.graded + self.kept

    @property
    def complete(self) -> bool:
        """True when every transcript has a class and every answer that its rules need."""
        return not (
            self.without_class
            or self.failed_inferences
            or self.unknown_classes
            or self.failed_answers
            or self.unanswerable
        )
