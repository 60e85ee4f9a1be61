"""Weights: what a fit leaves behind for evaluation, trainers and the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.records.models import GraderIdentity, RuleSetIdentity
from rbrctl.ruleset.model import RuleSet


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted weights of every response class, bound to the rule set that they were made for."""

    ruleset: RuleSetIdentity
    classes: Mapping[str, Mapping[str, float]]
    """Response class -> feature -> weight, in order."""
    grader: GraderIdentity | None = None
    """Whose answers they were fitted on; None for hand-set weights."""
    fit: Mapping[str, Any] = field(default_factory=dict)
    """How they were fitted: carried for the reader, of no effect."""

    def check(self, ruleset: RuleSet) -> None:
        """Raise UsageError where they were made for rules that mean something else."""
        if self.ruleset.digest != ruleset.digest:
            raise UsageError(
                f"the weights were fitted for the rule set {self.ruleset.name} "
                f"{self.ruleset.version} ({self.ruleset.digest[:12]}), and these rules are "
                f"{ruleset.name} {ruleset.version} ({ruleset.digest[:12]}): fit them again with "
                "rbrctl reward fit"
            )

    def of_class(self, response_class: str) -> Mapping[str, float]:
        """Give the weights of a class. Raises UsageError for one that was never seen in a fit."""
        if response_class not in self.classes:
            raise UsageError(
                f"there are no weights for the response class '{response_class}': the fit saw "
                f"{', '.join(self.classes) or 'none'}"
            )
        return self.classes[response_class]
