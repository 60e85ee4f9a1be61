"""Monotone maps that turn a grader's scores into calibrated probabilities, fitted on labels."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

CLOSEST = 1e-6
"""Probabilities are clipped this far from 0 and 1 before their logit is taken."""


def logit(probability: float) -> float:
    """Return the log odds of a probability, which is clipped to [CLOSEST, 1 - CLOSEST] first."""
    kept = min(max(probability, CLOSEST), 1 - CLOSEST)
    return math.log(kept / (1 - kept))


def sigmoid(score: float) -> float:
    """Return the probability of log odds, without overflow."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    power = math.exp(score)
    return power / (1 + power)


@dataclass(frozen=True, slots=True)
class PlattMap:
    """A sigmoid of a linear function of the score."""

    slope: float
    """Not negative, so that the order of scores is kept."""
    intercept: float

    def __call__(self, score: float) -> float:
        """Map a score (any real number) to a probability."""
        return sigmoid(self.slope * score + self.intercept)


@dataclass(frozen=True, slots=True)
class IsotonicMap:
    """A non-decreasing function that is linear between its knots and constant outside."""

    scores: tuple[float, ...]
    """Increasing."""
    probabilities: tuple[float, ...]
    """Non-decreasing, one for each score."""

    def __call__(self, score: float) -> float:
        """Map a score to a probability."""
        right = bisect_right(self.scores, score)
        if right == 0:
            return self.probabilities[0]
        if right == len(self.scores):
            return self.probabilities[-1]
        low, high = self.scores[right - 1], self.scores[right]
        from_, to = self.probabilities[right - 1], self.probabilities[right]
        return from_ + (to - from_) * (score - low) / (high - low)


def fit_platt(scores: Sequence[float], outcomes: Sequence[bool]) -> PlattMap:
    """
    Fit a sigmoid to scores and outcomes by maximum likelihood against smoothed targets.

    For probabilities, pass their logits as scores: the identity is then one of the maps. A negative
    best slope is replaced by 0. Raises ValueError unless there are outcomes of both kinds, or if
    the lengths differ. Source: J. C. Platt, "Probabilistic outputs for support vector
    machines" (1999), for targets (n1 + 1) / (n1 + 2) and 1 / (n0 + 2); Newton's method with
    backtracking after H.-T. Lin, C.-J. Lin, R. C. Weng, Machine Learning 68 (2007).
    """
    pairs = list(zip(scores, outcomes, strict=True))
    positive = sum(outcome for _, outcome in pairs)
    negative = len(pairs) - positive
    if not positive or not negative:
        raise ValueError("a sigmoid needs outcomes of both kinds")
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    points = [(float(score), high if outcome else low) for score, outcome in pairs]
    centre = sum(score for score, _ in points) / len(points)
    spread = math.sqrt(sum((score - centre) ** 2 for score, _ in points) / len(points)) or 1.0
    # Standard scores keep the Hessian well conditioned whatever the unit of the scores is.
    standard = [((score - centre) / spread, target) for score, target in points]
    slope, intercept = _newton(standard, math.log((positive + 1) / (negative + 1)))
    if slope <= 0:
        mean = sum(target for _, target in points) / len(points)
        return PlattMap(0.0, logit(mean))
    return PlattMap(slope / spread, intercept - slope * centre / spread)


def _newton(points: list[tuple[float, float]], intercept: float) -> tuple[float, float]:
    """Return the slope and intercept that minimise the cross entropy of a sigmoid."""
    slope = 0.0
    loss = _cross_entropy(points, slope, intercept)
    for _ in range(100):
        gradient_slope = gradient_intercept = 0.0
        slope_slope = intercept_intercept = 1e-12
        slope_intercept = 0.0
        for score, target in points:
            probability = sigmoid(slope * score + intercept)
            error, weight = probability - target, probability * (1 - probability)
            gradient_slope += error * score
            gradient_intercept += error
            slope_slope += weight * score * score
            slope_intercept += weight * score
            intercept_intercept += weight
        if max(abs(gradient_slope), abs(gradient_intercept)) < 1e-9 * len(points):
            break
        determinant = slope_slope * intercept_intercept - slope_intercept**2
        step_slope = gradient_slope * intercept_intercept - gradient_intercept * slope_intercept
        step_intercept = gradient_intercept * slope_slope - gradient_slope * slope_intercept
        step, better = 1.0, False
        while step > 1e-10 and not better:
            new_slope = slope - step * step_slope / determinant
            new_intercept = intercept - step * step_intercept / determinant
            new_loss = _cross_entropy(points, new_slope, new_intercept)
            better = new_loss < loss
            step /= 2
        if not better:
            break
        slope, intercept, loss = new_slope, new_intercept, new_loss
    return slope, intercept


def _cross_entropy(points: list[tuple[float, float]], slope: float, intercept: float) -> float:
    total = 0.0
    for score, target in points:
        value = slope * score + intercept
        # log(1 + exp(value)) without overflow.
        total += max(value, 0.0) + math.log1p(math.exp(-abs(value))) - target * value
    return total


def fit_isotonic(scores: Sequence[float], outcomes: Sequence[bool]) -> IsotonicMap:
    """
    Fit the non-decreasing map with the least squared error, by pooling adjacent violators (PAVA).

    Equal scores are pooled first. Between the scores in the data the map is linear. Raises
    ValueError if there are none, or if the lengths differ. Source: M. Ayer et al., "An empirical
    distribution function for sampling with incomplete information", Annals of Mathematical
    Statistics 26 (1955).
    """
    pairs = sorted(zip(scores, outcomes, strict=True))
    if not pairs:
        raise ValueError("an isotonic map needs at least one outcome")
    blocks: list[list[float]] = []  # each: first score, last score, outcomes true, outcomes
    for score, outcome in pairs:
        if blocks and blocks[-1][1] == score:
            blocks[-1][2] += outcome
            blocks[-1][3] += 1
        else:
            blocks.append([float(score), float(score), float(outcome), 1.0])
    pooled: list[list[float]] = []
    for block in blocks:
        pooled.append(block)
        while len(pooled) > 1 and _mean(pooled[-2]) >= _mean(pooled[-1]):
            last = pooled.pop()
            pooled[-1][1] = last[1]
            pooled[-1][2] += last[2]
            pooled[-1][3] += last[3]
    knots: list[tuple[float, float]] = []
    for block in pooled:
        knots.append((block[0], _mean(block)))
        if block[1] > block[0]:
            knots.append((block[1], _mean(block)))
    return IsotonicMap(tuple(score for score, _ in knots), tuple(value for _, value in knots))


def _mean(block: list[float]) -> float:
    return block[2] / block[3]
