"""Telling a request's response class by the rule set's content policy, for any grader that can."""

from dataclasses import dataclass
from typing import Protocol

from rbrctl.records.models import Transcript


@dataclass(frozen=True, slots=True)
class ClassGuess:
    """The response class that a grader infers; exactly one of it and ``error`` is set."""

    response_class: str | None = None
    probability: float | None = None
    """Of the class, over all categories that have it; None where the source gives none."""
    category: str | None = None
    """The most probable category."""
    source: str | None = None
    error: str | None = None


class Classifier(Protocol):
    """Infers the response class of a request; the completion plays no part."""

    async def classify(self, transcript: Transcript) -> ClassGuess:
        """
        Give a guess, be it an error.

        Raises GraderError only where going on is pointless.
        """
        ...
