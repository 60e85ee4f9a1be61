"""
The hinge by smoothing: its kink is replaced by a parabola, which is narrowed step by step.

Newton's method finds each minimum from the last one and looks only at the pairs near the kink. The
smoothed hinge is that of Huber (1964) and of Chapelle, "Training a support vector machine in the
primal" (2007); following its minimum while the width goes to zero is a homotopy (Nocedal and
Wright, *Numerical Optimization*, section 11.3).
"""

from dataclasses import replace

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.solver.active_set import with_stationary_duals
from rbrctl.rewards.solver.certificate import ConjugateLoss, Solution, certified
from rbrctl.rewards.solver.newton import Iterate, minimise
from rbrctl.rewards.solver.problem import Problem

FIRST_WIDTH = 1.0
"""Width of the first parabola, in units of reward: of the order of the margin."""
LARGEST_REDUCTION = 0.03
"""The width is reduced at most by this factor: below it, Newton's method needs more steps."""
NEAR = 2.0
"""
Pairs within this many widths of the kink are looked at in the next stage.

Others seldom come near it.
"""
LAST_WIDTH = 1e-9
"""A narrower parabola is lost in rounding."""
TIE_BREAK = 1e-8
"""An L2 factor that changes the objective by far less than the tolerance."""
SAMPLE = 2_500
"""Number of pairs that show well enough where the optimum lies."""
SAMPLE_TOLERANCE = 1e-3
"""Tolerance of the gradient on a sample, whose optimum is not that of all pairs anyway."""
MAX_ITERATIONS = 200
"""Newton steps over all stages: three times what is needed where a certificate is found."""


class SmoothHinge:
    """max(0, residual) with its kink replaced by a parabola of the given width."""

    def __init__(self, width: float) -> None:
        """Take the width of the parabola, in units of reward; positive."""
        self.width = width

    def slopes(self, residuals: Floats) -> Floats:
        """Return the first derivatives, which run from 0 to 1 across the parabola."""
        slopes = residuals * (1 / self.width)
        slopes += 0.5
        # Twice as fast as np.clip on arrays of this size.
        np.maximum(slopes, 0, out=slopes)
        return np.minimum(slopes, 1, out=slopes)

    def curvatures(self, residuals: Floats) -> Floats:
        """Return the second derivatives: constant on the parabola, zero elsewhere."""
        return np.where(np.abs(residuals) < self.width / 2, 1 / self.width, 0.0)


def smoothing_continuation(
    original: Problem, hinge: ConjugateLoss, tolerance: float, start: Floats | None
) -> Solution:
    """
    Follow the minimum while the parabola narrows, until the gap of the hinge is within tolerance.

    Without L2 many weights can be equally good; a trace of it chooses small ones among them.
    """
    problem = replace(original, l2=original.l2 or TIE_BREAK)
    width = FIRST_WIDTH
    reach = np.inf
    iterations = 0
    weights = np.zeros(problem.feature_count) if start is None else start
    if start is not None:
        width, reach = 0.1 * width, width
    elif len(problem.targets) >= 2 * SAMPLE:
        iterate = _approximate(problem, width)
        weights, iterations = iterate.weights, iterate.iterations
        width, reach = 0.1 * LARGEST_REDUCTION * width, 0.1 * NEAR * width
    best: Solution | None = None
    while True:
        iterate = _minimise_smoothed(problem, width, weights, reach)
        iterations += iterate.iterations
        solution = certified(original, hinge, with_stationary_duals(original, iterate), iterations)
        if best is None or solution.duality_gap < best.duality_gap:
            best = solution
        is_hopeless = width <= LAST_WIDTH or iterations > MAX_ITERATIONS
        if solution.duality_gap <= tolerance or is_hopeless:
            return replace(best, iterations=iterations)
        weights = iterate.weights
        reach = NEAR * width
        # The gap shrinks about as fast as the width, so that the last stage is reached in one go.
        width *= min(0.5, max(LARGEST_REDUCTION, 0.7 * tolerance / solution.duality_gap))


def _approximate(problem: Problem, width: float) -> Iterate:
    """
    Return approximate weights: solve on a sample of pairs, then refine on all of them.

    The second step takes a width ten times smaller, and only the pairs near the kink.
    """
    first = minimise(
        _sample(problem),
        SmoothHinge(width),
        np.zeros(problem.feature_count),
        tolerance=SAMPLE_TOLERANCE,
    )
    residuals = problem.residuals(first.weights)
    near = np.abs(residuals) < width
    loss = SmoothHinge(0.1 * width)
    far_slopes = np.where(near, 0.0, residuals > 0)
    second = _minimise_near(problem, loss, first.weights, near, far_slopes)
    return replace(second, iterations=first.iterations + second.iterations)


def _minimise_near(
    problem: Problem, loss: SmoothHinge, weights: Floats, near: Mask, far_slopes: Floats
) -> Iterate:
    """Minimise over the near pairs; the slopes of the others are known."""
    of_far_pairs = problem.differences.apply_transposed(problem.sample_weights * far_slopes)
    return minimise(problem.restricted(np.flatnonzero(near)), loss, weights, of_far_pairs)


def _sample(problem: Problem) -> Problem:
    """Return the problem of every n-th pair, with sample weights that sum to one."""
    count = len(problem.targets)
    sample = problem.restricted(np.arange(0, count, count // SAMPLE))
    return replace(sample, sample_weights=sample.sample_weights / sample.sample_weights.sum())


def _minimise_smoothed(problem: Problem, width: float, weights: Floats, reach: float) -> Iterate:
    """
    Minimise the hinge smoothed to this width, looking only at pairs with a residual below
    ``reach``.

    The other pairs have a slope of 0 or 1, and keep it unless the weights move far. That is checked
    afterwards over all pairs, and those whose slope has changed are added.
    """
    loss = SmoothHinge(width)
    if np.isinf(reach):
        return minimise(problem, loss, weights)
    residuals = problem.residuals(weights)
    near = np.abs(residuals) < reach
    iterations = 0
    while True:
        far_slopes = np.where(near, 0.0, residuals > 0)
        iterate = _minimise_near(problem, loss, weights, near, far_slopes)
        iterations += iterate.iterations
        weights = iterate.weights
        residuals = problem.residuals(weights)
        slopes = loss.slopes(residuals)
        changed = ~near & (slopes != far_slopes)
        if not changed.any():
            # Keep the slopes that make the gradient vanish: computed anew from the residuals, those
            # on a narrow parabola would be spoilt by rounding.
            slopes[near] = iterate.slopes
            return Iterate(weights, residuals, slopes, iterate.gradient, iterations)
        near |= changed | (np.abs(residuals) < reach)
