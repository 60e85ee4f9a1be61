"""
A primal-dual interior point method for the hinge loss over pairs, with few features.

It needs no curvature at the optimum, so that it also solves what Newton's method on a smoothed
hinge does not: pairs that can be ordered with hardly any error, where the best weights are many or
large.

With slack variables x_i for the losses and p_i the sample weights, the problem is a quadratic
program:

    minimise    p' x + l2/2 |w|^2
    subject to  D w + x - s = t,  x >= 0,  s >= 0,  sign_j w_j = z_j >= 0

Its optimality conditions (Karush, Kuhn and Tucker) have the dual variables a of the first
constraint, p - a of x >= 0 and v of z >= 0:

    D' a + sign v = l2 w,   s_i a_i = 0,   x_i (p_i - a_i) = 0,   z_j v_j = 0

The method keeps all these variables positive and drives the products to zero together. Sources:
Mehrotra, "On the implementation of a primal-dual interior point method" (1992), for predictor and
corrector; Ferris and Munson, "Interior-point methods for massive support vector machines" (2002),
for the elimination down to a system of the size of the features.
"""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices
from rbrctl.rewards.solver.newton import Iterate
from rbrctl.rewards.solver.problem import Problem, weighted_gram

STEP_FRACTION = 0.995
"""The share of the way to the nearest boundary that a step goes."""
REGULARISATION = 1e-11
"""Relative to the trace: keeps steps short in directions along which no pair differs."""
PRECISE_REGULARISATION = 1e-12
"""The same where the system is never formed, relative to the mean square of the differences."""


@dataclass(frozen=True, slots=True)
class Point:
    """The primal and dual variables. Every array but the weights is positive."""

    weights: Floats
    slack: Floats
    """x: the loss of each pair, or more."""
    surplus: Floats
    """s: by how much difference and slack together exceed the target."""
    duals: Floats
    """a: the dual variable of each pair, its sample weight times the slope of its loss."""
    slack_duals: Floats
    """p - a: the dual variable of x >= 0."""
    signed_weights: Floats
    """z: the weight times its prescribed sign, as a variable of its own; 1 where there is none."""
    sign_duals: Floats
    """v: the dual variable of z >= 0; 0 where no sign is prescribed."""

    def moved(self, direction: "Point", primal: float, dual: float) -> "Point":
        """Return the point after a step of these lengths along a direction."""
        return Point(
            self.weights + primal * direction.weights,
            self.slack + primal * direction.slack,
            self.surplus + primal * direction.surplus,
            self.duals + dual * direction.duals,
            self.slack_duals + dual * direction.slack_duals,
            self.signed_weights + primal * direction.signed_weights,
            self.sign_duals + dual * direction.sign_duals,
        )

    def complementarity(self) -> float:
        """Return the sum of the products that vanish at the optimum: the gap, if feasible."""
        return float(
            self.surplus @ self.duals
            + self.slack @ self.slack_duals
            + self.signed_weights @ self.sign_duals
        )


class InteriorPoint:
    """The method applied to one problem: call ``advance`` until ``complementarity`` is small."""

    def __init__(self, problem: Problem, precise: bool = False) -> None:
        """
        Take a problem of at least one pair and one feature.

        ``precise`` solves the system of every step with twice the digits, by a decomposition that
        takes several times as long.
        """
        self.problem = problem
        self.precise = precise
        self.rows = problem.differences.rows(np.arange(len(problem.targets)))
        self.signed = problem.signs != 0
        self.count = 2 * len(problem.targets) + int(self.signed.sum())
        self.point = self._start()

    def iterate(self) -> Iterate:
        """Return weights and slopes; weights that their sign holds at zero are exactly zero."""
        point, problem = self.point, self.problem
        # Of a product that tends to zero, the factor that is smaller is the one that vanishes.
        zero = self.signed & (point.signed_weights < np.maximum(point.sign_duals, 1e-9))
        weights = np.where(zero, 0.0, point.weights)
        slopes = np.clip(point.duals / problem.sample_weights, 0.0, 1.0)
        gradient = problem.l2 * weights - point.duals @ self.rows
        return Iterate(weights, problem.residuals(weights), slopes, gradient)

    def active(self) -> Indices:
        """Return the pairs that seem to reach their target exactly: both their products vanish."""
        point, sample_weights = self.point, self.problem.sample_weights
        no_surplus = point.duals > sample_weights * point.surplus
        no_loss = point.slack_duals > sample_weights * point.slack
        return np.flatnonzero(no_surplus & no_loss)

    def _start(self) -> Point:
        """Return a point well inside the region, feasible but for the gradient."""
        signs = self.problem.signs
        weights = signs.copy()
        residuals = self.problem.targets - self.rows @ weights
        slack = np.maximum(residuals, 0) + 1
        half = self.problem.sample_weights / 2
        mean = float(self.problem.sample_weights.mean())
        sign_duals = np.where(self.signed, mean, 0.0)
        ones = np.ones(len(weights))
        return Point(weights, slack, slack - residuals, half, half.copy(), ones, sign_duals)

    def advance(self) -> bool:
        """Take one step of predictor and corrector; return False if it hardly moved."""
        point = self.point
        imbalance = (
            point.duals @ self.rows
            + self.problem.signs * point.sign_duals
            - self.problem.l2 * point.weights
        )
        curvature = 1 / (point.surplus / point.duals + point.slack / point.slack_duals)
        of_signs = np.where(self.signed, point.sign_duals / point.signed_weights, 0.0)
        kind = _PreciseSystem if self.precise else _FormedSystem
        system = kind(self.rows, curvature, of_signs + self.problem.l2)
        # The predictor aims at products of zero and shows how far that can be achieved.
        surplus, slack = -point.surplus * point.duals, -point.slack * point.slack_duals
        signed = -point.signed_weights * point.sign_duals
        guess = self._direction(system, curvature, imbalance, surplus, slack, signed)
        mean = point.complementarity() / self.count
        reached = point.moved(guess, *_lengths(point, guess, 1.0)).complementarity() / self.count
        # The corrector aims at equal products of a size that the predictor suggests, and makes up
        # for the second-order term that the linearisation drops. Source: Mehrotra (1992).
        target = mean * (reached / mean) ** 3
        direction = self._direction(
            system,
            curvature,
            imbalance,
            surplus + target - guess.surplus * guess.duals,
            slack + target - guess.slack * guess.slack_duals,
            np.where(self.signed, signed + target - guess.signed_weights * guess.sign_duals, 0.0),
        )
        primal, dual = _lengths(point, direction, STEP_FRACTION)
        if self.problem.l2 > 0:
            # The gradient has both weights and duals in it: with two lengths it would not shrink.
            primal = dual = min(primal, dual)
        self.point = point.moved(direction, primal, dual)
        return max(primal, dual) > 1e-8

    def _direction(
        self,
        system: "_FormedSystem | _PreciseSystem",
        curvature: Floats,
        imbalance: Floats,
        surplus: Floats,
        slack: Floats,
        signed: Floats,
    ) -> Point:
        """
        Solve the linearised optimality conditions for the changes of all variables.

        ``surplus``, ``slack`` and ``signed`` say by how much the products of these variables with
        their duals shall change. Everything but the weights is eliminated.
        """
        point, signs = self.point, self.problem.signs
        wanted = surplus / point.duals - slack / point.slack_duals
        right = imbalance + (curvature * wanted) @ self.rows
        right = right + signs * signed / point.signed_weights
        weights = system.solve(right)
        differences = self.rows @ weights
        duals = curvature * (wanted - differences)
        slack_change = (slack + point.slack * duals) / point.slack_duals
        turned = signs * weights
        sign_duals = (signed - point.sign_duals * turned) / point.signed_weights
        return Point(
            weights,
            slack_change,
            differences + slack_change,
            duals,
            # Duals and slack duals always sum to the sample weights.
            -duals,
            turned,
            sign_duals,
        )


class _FormedSystem:
    """The matrix rows.T @ diag(curvature) @ rows + diag(diagonal), formed."""

    def __init__(self, rows: Floats, curvature: Floats, diagonal: Floats) -> None:
        self.matrix = weighted_gram(rows, curvature)
        regularisation = REGULARISATION * float(np.trace(self.matrix)) + 1e-300
        self.matrix.flat[:: len(self.matrix) + 1] += diagonal + regularisation

    def solve(self, right: Floats) -> Floats:
        """Return the solution for a right-hand side."""
        return np.asarray(np.linalg.solve(self.matrix, right), dtype=np.float64)


class _PreciseSystem:
    """
    The same matrix as R' R with a triangular R, which is found without forming the matrix.

    Near the optimum the curvatures span more digits than a number has: in the formed matrix the
    smallest are lost. Source: the corrected semi-normal equations (Bjorck, 1987), with one step of
    refinement. Rows are sorted because Householder's method needs the large ones first.
    """

    def __init__(self, rows: Floats, curvature: Floats, diagonal: Floats) -> None:
        order = np.argsort(-curvature, kind="stable")
        tall = np.sqrt(curvature[order])[:, None] * rows[order]
        self.diagonal = diagonal + PRECISE_REGULARISATION * float((rows**2).mean()) + 1e-300
        self.rows, self.curvature = rows, curvature
        stacked = np.vstack([tall, np.diag(np.sqrt(self.diagonal))])
        self.triangle: Floats = np.asarray(np.linalg.qr(stacked, mode="r"), dtype=np.float64)

    def solve(self, right: Floats) -> Floats:
        """Return the solution for a right-hand side."""
        weights = self._solve(right)
        reached = (self.curvature * (self.rows @ weights)) @ self.rows + self.diagonal * weights
        return weights + self._solve(right - reached)

    def _solve(self, right: Floats) -> Floats:
        inner = np.linalg.solve(self.triangle.T, right)
        return np.asarray(np.linalg.solve(self.triangle, inner), dtype=np.float64)


def _lengths(point: Point, direction: Point, part: float) -> tuple[float, float]:
    """Return how far primal and dual variables may go before one is zero; at most 1 each."""
    primal = min(
        _distance(point.surplus, direction.surplus),
        _distance(point.slack, direction.slack),
        _distance(point.signed_weights, direction.signed_weights),
    )
    dual = min(
        _distance(point.duals, direction.duals),
        _distance(point.slack_duals, direction.slack_duals),
        _distance(point.sign_duals, direction.sign_duals),
    )
    return min(1.0, part * primal), min(1.0, part * dual)


def _distance(values: Floats, changes: Floats) -> float:
    falling = changes < 0
    return float((-values[falling] / changes[falling]).min(initial=np.inf))
