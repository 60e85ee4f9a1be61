"""What a fit is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.errors import UsageError
from rbrctl.rewards.solver.loss_kind import LossKind

DEFAULT_L2 = 0.03
"""
Where there are too few prompts to choose by: small beside a mean loss of a few tenths.

Without any, pairs that can be ordered without an error leave the weights free to be as large as
they like, and neither they nor their intervals mean anything.
"""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Loss, constraints and what is reported; the defaults are those of the command."""

    loss: str = LossKind.HINGE
    """One of LossKind."""
    l2: float | None = None
    """
    The objective is the mean loss plus half of this times the squared distance from the prior.

    None: chosen for each response class by the loss of held-out prompts.
    """
    prior: Mapping[str, float] = field(default_factory=dict)
    """Where L2 pulls weights without a prescribed sign, by feature; zero for all others."""
    yardstick: Mapping[str, float] = field(default_factory=dict)
    """Hand-set weights whose error rate is reported beside that of the fitted ones."""
    fixed: Mapping[str, float] = field(default_factory=dict)
    """Weights that are not fitted, by feature, in every class that has it."""
    signs: Mapping[str, int] = field(default_factory=dict)
    """1 or -1 for features whose weight may not have the other sign."""
    folds: int = 5
    """Prompts are held out in this many parts in turn; 0 for no held-out figures."""
    bootstrap: int = 200
    """Resamples of the prompts for intervals; 0 for none."""
    confidence: float = 0.95
    seed: int = 0
    tolerance: float = 5e-7
    """The duality gap to reach."""

    def __post_init__(self) -> None:
        """Raise UsageError for what cannot be asked."""
        if self.loss not in list(LossKind):
            raise UsageError(f"the loss must be hinge or logistic, not '{self.loss}'")
        if self.l2 is not None and not 0 <= self.l2 < 1e6:
            raise UsageError(f"the L2 factor must be zero or positive, not {self.l2:g}")
        if self.folds < 0 or self.folds == 1:
            raise UsageError("the number of folds must be 0 or at least 2")
        if not 0 < self.confidence < 1:
            raise UsageError("the confidence must lie between 0 and 1")
        if self.bootstrap < 0:
            raise UsageError("the number of resamples must not be negative")
        for feature, sign in self.signs.items():
            if sign not in (1, -1):
                raise UsageError(f"the sign of {feature} must be + or -")
            if self.fixed.get(feature, 0.0) * sign < 0:
                raise UsageError(
                    f"{feature} is fixed at {self.fixed[feature]:g}, and its sign shall be "
                    f"{'+' if sign > 0 else '-'}: leave one of them out"
                )
