"""Telling a request's response class by the rule set's content policy, with a grader or without."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet


class GivenClasses:
    """
    Gives transcripts without a response class the one that can be told without asking anybody.

    That is the one that the policy gives their category, else a default, if there is one.
    """

    def __init__(self, ruleset: RuleSet, default: str | None = None) -> None:
        """Take the policy of a rule set."""
        self.by_category = 0
        """How many classes came from a category."""
        self._default = default
        self._classes = {
            category.name: category.response_class
            for area in ruleset.policy
            for category in area.categories
        }

    def of(self, transcripts: Iterable[Transcript]) -> Iterator[Transcript]:
        """Yield all transcripts in their order; those that have a class stay as they are."""
        for transcript in transcripts:
            if transcript.response_class is not None:
                yield transcript
                continue
            response_class = self._classes.get(transcript.category or "")
            self.by_category += response_class is not None
            yield replace(transcript, response_class=response_class or self._default)


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
