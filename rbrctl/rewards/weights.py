"""Weights: the result of a fit, for evaluation, trainers and the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.records.models import GraderIdentity, RuleSetIdentity
from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of every response class, with the identity of the rule set that they are for."""

    ruleset: RuleSetIdentity
    classes: Mapping[str, Mapping[str, float]]
    """Response class -> feature -> weight, in the order of the features."""
    grader: GraderIdentity | None = None
    """The grader whose answers they were fitted on; None for hand-set weights."""
    fit: Mapping[str, Any] = field(default_factory=dict)
    """How they were fitted. It is for the reader, and does not change the reward."""

    def check(self, ruleset: RuleSet) -> None:
        """Raise UsageError if the weights are for rules with another meaning."""
        if not ruleset.has_digest(self.ruleset.digest):
            raise UsageError(
                f"the weights were fitted for the rule set {self.ruleset.name} "
                f"{self.ruleset.version} ({self.ruleset.digest[:12]}), and these rules are "
                f"{ruleset.name} {ruleset.version} ({ruleset.digest[:12]}): fit them again with "
                "rbrctl reward fit"
            )

    def of_class(self, response_class: str) -> Mapping[str, float]:
        """Return the weights of a class. Raise UsageError if the fit had no pairs of this class."""
        if response_class not in self.classes:
            raise UsageError(
                f"there are no weights for the response class '{response_class}': they are for "
                f"{', '.join(self.classes) or 'none'}"
            )
        return self.classes[response_class]
