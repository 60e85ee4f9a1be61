"""Response classes that can be found without asking a grader."""

from dataclasses import replace

from rbrctl.errors import UsageError
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import hint_for


class CategoryClassResolver:
    """
    Finds the response class of transcripts that come without one.

    The class is the one that the rule set's policy gives to the transcript's category, else the
    default, if there is one.
    """

    def __init__(self, ruleset: RuleSet, default: str | None = None) -> None:
        """
        Read the policy of a rule set.

        ``default`` is the name or an alias of a response class. Raises UsageError if the rule set
        does not have it.
        """
        self.by_category = 0
        """The number of classes that came from a category."""
        self._ruleset = ruleset
        self._default = None if default is None else resolve_class(ruleset, default)
        self._classes = ruleset.category_classes()

    def resolve(self, transcript: Transcript) -> Transcript:
        """Return the transcript with its response class; one that has a class is unchanged."""
        if transcript.response_class is not None:
            return transcript
        response_class = self.class_of(transcript.category)
        if response_class is not None:
            self.by_category += 1
        elif self._default is None:
            return transcript
        return replace(transcript, response_class=response_class or self._default)

    def class_of(self, category: str | None) -> str | None:
        """Return the response class that the policy gives a category; None if it gives none."""
        return None if category is None else self._classes.get(category)

    def name_of(self, transcript: Transcript) -> str | None:
        """Return the name of the transcript's response class; None if it has none or is unknown."""
        spelling = self.resolve(transcript).response_class
        return None if spelling is None else self._ruleset.resolve_response_class(spelling)


def resolve_class(ruleset: RuleSet, spelling: str, where: str = "") -> str:
    """
    Return the name of the response class with that name or alias.

    ``where`` is what the error begins with, for example ``--response-class x: ``. Raises
    UsageError if the rule set does not have it.
    """
    response_class = ruleset.resolve_response_class(spelling)
    if response_class is None:
        hint = hint_for(spelling, ruleset.response_classes)
        raise UsageError(
            f"{where}there is no such response class; {hint}"
            if where
            else f"there is no response class '{spelling[:80]}'; {hint}"
        )
    return response_class
