"""The losses of a pair: a hinge, smoothed so that Newton's method can be used, and the logistic."""

from typing import Protocol

import numpy as np

from rbrctl.rewards.arrays import Floats


class Loss(Protocol):
    """A convex, increasing, smooth function of a pair's residual, with slopes in [0, 1]."""

    def slopes(self, residuals: Floats) -> Floats:
        """Give the first derivatives."""
        ...

    def curvatures(self, residuals: Floats) -> Floats:
        """Give the second derivatives."""
        ...


class SmoothHinge:
    """max(0, residual) with its corner replaced by a parabola of the given width."""

    def __init__(self, width: float) -> None:
        """Take the width of the parabola, in units of reward; positive."""
        self.width = width

    def slopes(self, residuals: Floats) -> Floats:
        """Give the first derivatives, which run from 0 to 1 across the parabola."""
        slopes = residuals * (1 / self.width)
        slopes += 0.5
        # Twice as fast as np.clip on arrays of this size.
        np.maximum(slopes, 0, out=slopes)
        return np.minimum(slopes, 1, out=slopes)

    def curvatures(self, residuals: Floats) -> Floats:
        """Give the second derivatives: constant on the parabola, zero elsewhere."""
        return np.where(np.abs(residuals) < self.width / 2, 1 / self.width, 0.0)


class Logistic:
    """
    temperature x log(1 + exp(residual / temperature)).

    At temperature 1 it is the negative log likelihood of Bradley and Terry's model.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        """Take the temperature, in units of reward; positive."""
        self.temperature = temperature

    def slopes(self, residuals: Floats) -> Floats:
        """Give the probability that the model gives to the wrong order."""
        return np.asarray(0.5 * (1 + np.tanh(residuals * (0.5 / self.temperature))))

    def curvatures(self, residuals: Floats) -> Floats:
        """Give the second derivatives."""
        slopes = self.slopes(residuals)
        return slopes * (1 - slopes) * (1 / self.temperature)


def hinge(residuals: Floats) -> Floats:
    """Give max(0, residual)."""
    return np.maximum(residuals, 0.0)


def softplus(residuals: Floats, temperature: float = 1.0) -> Floats:
    """Give temperature x log(1 + exp(residual / temperature)) without overflow."""
    return np.asarray(temperature * np.logaddexp(0.0, residuals / temperature))


def binary_entropy(slopes: Floats) -> Floats:
    """Give -p log p - (1 - p) log(1 - p) in nats: minus the conjugate of softplus."""
    inner = np.clip(slopes, 1e-300, 1.0)
    outer = np.clip(1.0 - slopes, 1e-300, 1.0)
    return np.asarray(-slopes * np.log(inner) - (1.0 - slopes) * np.log(outer))
