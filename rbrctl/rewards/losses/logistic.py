"""
The logistic loss, log(1 + exp(residual)).

With all targets zero it is the negative log likelihood of the model of Bradley and Terry (1952), in
which the better completion wins with probability 1 / (1 + exp(-difference)).
"""

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.losses.interface import SmoothLoss


class Logistic(SmoothLoss):
    """temperature x log(1 + exp(residual / temperature))."""

    name = "logistic"
    reaches_zero = False

    def values(self, residuals: Floats) -> Floats:
        """Return the losses, without overflow for large residuals."""
        return np.asarray(self.temperature * np.logaddexp(0.0, residuals / self.temperature))

    def slopes(self, residuals: Floats) -> Floats:
        """Return the probability that the model gives to the wrong order."""
        # The hyperbolic tangent does not overflow, as 1 / (1 + exp(-x)) would.
        return np.asarray(0.5 * (1 + np.tanh(residuals * (0.5 / self.temperature))))

    def curvatures(self, residuals: Floats) -> Floats:
        """Return p (1 - p) / temperature, with p the slope."""
        slopes = self.slopes(residuals)
        return slopes * (1 - slopes) * (1 / self.temperature)

    def conjugate(self, slopes: Floats) -> Floats:
        """Return minus the temperature times the binary entropy of the slopes, in nats."""
        # 0 log 0 is 0: the clipped logarithm is finite, and its factor is zero.
        inner = np.log(np.clip(slopes, 1e-300, 1.0))
        outer = np.log(np.clip(1.0 - slopes, 1e-300, 1.0))
        entropy = -slopes * inner - (1.0 - slopes) * outer
        return np.asarray(-self.temperature * entropy)


LOSS = Logistic()
