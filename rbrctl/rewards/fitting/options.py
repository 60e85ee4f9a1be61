"""The options of a fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rbrctl.errors import UsageError
from rbrctl.rewards.losses import loss_named

if TYPE_CHECKING:
    from rbrctl.rewards.losses.interface import Loss

DEFAULT_L2 = 0.03
"""
The L2 factor if there are too few prompts to choose one by: small beside a loss of a few tenths.

Without any L2, pairs that can be ordered without an error leave the weights free to grow as large
as they like, and neither they nor their intervals mean anything.
"""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """
    Loss, regularisation, constraints and what is reported; the defaults are those of the command.

    Example: ``FitOptions(loss=loss_named("logistic"), l2=0.01, bootstrap=0)``, with ``loss_named``
    of ``rbrctl.rewards.losses``.
    """

    loss: "Loss" = field(default_factory=loss_named)
    l2: float | None = None
    """
    The objective is the mean loss plus half of this times the squared distance from the prior.

    None: it is chosen for each response class by the loss on held-out prompts.
    """
    prior: Mapping[str, float] = field(default_factory=dict)
    """The weights towards which L2 shrinks the fit, by feature; 0 for all other features."""
    yardstick: Mapping[str, float] = field(default_factory=dict)
    """Hand-set weights whose error rate is reported beside that of the fitted weights."""
    fixed: Mapping[str, float] = field(default_factory=dict)
    """Weights that are not fitted, by feature, in every class that has the feature."""
    signs: Mapping[str, int] = field(default_factory=dict)
    """1 or -1 for features whose weight must not have the other sign."""
    folds: int = 5
    """Number of parts into which prompts are held out; 0 for no held-out figures."""
    bootstrap: int = 200
    """Number of resamples of the prompts for the intervals; 0 for no intervals."""
    confidence: float = 0.95
    seed: int = 0
    tolerance: float = 5e-7
    """The duality gap to reach."""

    def __post_init__(self) -> None:
        """Raise UsageError for values that are out of range or contradict each other."""
        if not callable(getattr(self.loss, "values", None)):
            raise UsageError(
                f"the loss must be an object of rbrctl.rewards.losses, not {self.loss!r}: write "
                'loss_named("hinge")'
            )
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
                    f"{feature} is fixed at {self.fixed[feature]:g}, and its sign must be "
                    f"{'+' if sign > 0 else '-'}: leave one of the two out"
                )
