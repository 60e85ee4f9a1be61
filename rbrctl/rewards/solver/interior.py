"""
A primal-dual interior point method for the hinge loss over pairs, with few features.

It needs no curvature at the optimum, so it also solves what Newton's method on a smoothed hinge
does not: pairs that can be ordered without or nearly without an error, where the best weights are
many or large. Source: Mehrotra, "On the implementation of a primal-dual interior point method"
(1992); the elimination to a system in the features is that of Ferris and Munson (2002).
"""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices
from rbrctl.rewards.solver.newton import Step
from rbrctl.rewards.solver.problem import Problem, squared

MAX_ITERATIONS = 80
BOUNDARY = 0.995
"""The part of the way to the nearest boundary that a step goes."""
ROUNDING = 1e-11
"""Relative to the trace: keeps steps short where no pair speaks about a direction."""
CAREFUL_ROUNDING = 1e-12
"""The same where the system is never formed, relative to the mean square of the differences."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where the iteration stands. Every array but the weights is positive."""

    weights: Floats
    losses: Floats
    """At least what a pair falls short by."""
    slack: Floats
    """By how much the reward difference and the loss together exceed the demand."""
    pulls: Floats
    """The multiplier of a pair's demand: its share times the slope of its loss."""
    rests: Floats
    """Share minus pull."""
    sides: Floats
    """Sign times weight, kept apart where the sign is prescribed; 1 elsewhere."""
    presses: Floats
    """The multiplier of a prescribed sign; 0 elsewhere."""

    def moved(self, direction: "Point", primal: float, dual: float) -> "Point":
        """Go along a direction."""
        return Point(
            self.weights + primal * direction.weights,
            self.losses + primal * direction.losses,
            self.slack + primal * direction.slack,
            self.pulls + dual * direction.pulls,
            self.rests + dual * direction.rests,
            self.sides + primal * direction.sides,
            self.presses + dual * direction.presses,
        )

    def complementarity(self) -> float:
        """Sum the products that vanish at the optimum: the duality gap of a feasible point."""
        return float(self.slack @ self.pulls + self.losses @ self.rests + self.sides @ self.presses)


class InteriorPoint:
    """The iteration on one problem."""

    def __init__(self, problem: Problem, careful: bool = False) -> None:
        """
        Take a problem of at least one pair and one feature.

        ``careful`` solves every step's system with twice the digits, by a decomposition that takes
        several times as long.
        """
        self.problem = problem
        self.careful = careful
        self.rows = problem.differences.rows(np.arange(len(problem.demands)))
        self.signed = problem.signs != 0
        self.count = 2 * len(problem.demands) + int(self.signed.sum())
        self.point = self._start()

    def step(self) -> Step:
        """Give weights and slopes; weights that press on their prescribed sign are zero."""
        point, problem = self.point, self.problem
        zero = self.signed & (point.sides < np.maximum(point.presses, 1e-9))
        weights = np.where(zero, 0.0, point.weights)
        slopes = np.clip(point.pulls / problem.shares, 0.0, 1.0)
        gradient = problem.l2 * weights - point.pulls @ self.rows
        return Step(weights, problem.residuals(weights), slopes, gradient)

    def corner(self) -> Indices:
        """Tell which pairs seem to meet their demand exactly: gaps vanish there, pulls do not."""
        point, shares = self.point, self.problem.shares
        tight = (point.pulls > shares * point.slack) & (point.rests > shares * point.losses)
        return np.flatnonzero(tight)

    def _start(self) -> Point:
        signs = self.problem.signs
        weights = signs.copy()
        residuals = self.problem.demands - self.rows @ weights
        losses = np.maximum(residuals, 0) + 1
        half = self.problem.shares / 2
        presses = np.where(self.signed, float(self.problem.shares.mean()), 0.0)
        sides = np.ones(len(weights))
        return Point(weights, losses, losses - residuals, half, half.copy(), sides, presses)

    def advance(self) -> bool:
        """Take one step of predictor and corrector; tell whether it moved at all."""
        point = self.point
        imbalance = (
            point.pulls @ self.rows
            + self.problem.signs * point.presses
            - self.problem.l2 * point.weights
        )
        curvature = 1 / (point.slack / point.pulls + point.losses / point.rests)
        diagonal = np.where(self.signed, point.presses / point.sides, 0.0) + self.problem.l2
        kind = _CarefulSystem if self.careful else _System
        system = kind(self.rows, curvature, diagonal)
        mean = point.complementarity() / self.count
        slack, losses = -point.slack * point.pulls, -point.losses * point.rests
        sides = -point.sides * point.presses
        guess = self._direction(system, curvature, imbalance, slack, losses, sides)
        reached = point.moved(guess, *_lengths(point, guess, 1.0)).complementarity() / self.count
        target = mean * (reached / mean) ** 3
        direction = self._direction(
            system,
            curvature,
            imbalance,
            slack + target - guess.slack * guess.pulls,
            losses + target - guess.losses * guess.rests,
            np.where(self.signed, sides + target - guess.sides * guess.presses, 0.0),
        )
        primal, dual = _lengths(point, direction, BOUNDARY)
        if self.problem.l2 > 0:
            primal = dual = min(primal, dual)
        self.point = point.moved(direction, primal, dual)
        return max(primal, dual) > 1e-8

    def _direction(
        self,
        system: "_System | _CarefulSystem",
        curvature: Floats,
        imbalance: Floats,
        slack: Floats,
        losses: Floats,
        sides: Floats,
    ) -> Point:
        """
        Solve the linearised conditions of optimality for the changes of every array.

        ``slack``, ``losses`` and ``sides`` say how their products with the multipliers shall
        change; everything but the weights is eliminated.
        """
        point, signs = self.point, self.problem.signs
        wanted = slack / point.pulls - losses / point.rests
        right = imbalance + (curvature * wanted) @ self.rows + signs * sides / point.sides
        weights = system.solve(right)
        gains = self.rows @ weights
        pulls = curvature * (wanted - gains)
        change = (losses + point.losses * pulls) / point.rests
        turned = signs * weights
        presses = (sides - point.presses * turned) / point.sides
        return Point(weights, change, gains + change, pulls, -pulls, turned, presses)


class _System:
    """rows.T x curvature x rows + diagonal, formed."""

    def __init__(self, rows: Floats, curvature: Floats, diagonal: Floats) -> None:
        self.matrix = squared(rows, curvature)
        rounding = ROUNDING * float(np.trace(self.matrix)) + 1e-300
        self.matrix.flat[:: len(self.matrix) + 1] += diagonal + rounding

    def solve(self, right: Floats) -> Floats:
        """Give the weights that the system takes to ``right``."""
        return np.asarray(np.linalg.solve(self.matrix, right), dtype=np.float64)


class _CarefulSystem:
    """
    The same as the square of a triangle, whose smallest entries are not lost in the largest.

    Source: the semi-normal equations with one step of refinement (Bjorck, 1987); rows are sorted
    because Householder's method needs the large ones first.
    """

    def __init__(self, rows: Floats, curvature: Floats, diagonal: Floats) -> None:
        order = np.argsort(-curvature, kind="stable")
        tall = np.sqrt(curvature[order])[:, None] * rows[order]
        self.diagonal = diagonal + CAREFUL_ROUNDING * float((rows**2).mean()) + 1e-300
        self.rows, self.curvature = rows, curvature
        stacked = np.vstack([tall, np.diag(np.sqrt(self.diagonal))])
        self.triangle: Floats = np.asarray(np.linalg.qr(stacked, mode="r"), dtype=np.float64)

    def solve(self, right: Floats) -> Floats:
        """Give the weights that the system takes to ``right``."""
        weights = self._solve(right)
        reached = (self.curvature * (self.rows @ weights)) @ self.rows + self.diagonal * weights
        return weights + self._solve(right - reached)

    def _solve(self, right: Floats) -> Floats:
        inner = np.linalg.solve(self.triangle.T, right)
        return np.asarray(np.linalg.solve(self.triangle, inner), dtype=np.float64)


def _lengths(point: Point, direction: Point, part: float) -> tuple[float, float]:
    """Tell how far weights and multipliers may go before one leaves its range, at most 1."""
    primal = min(
        _reach(point.slack, direction.slack),
        _reach(point.losses, direction.losses),
        _reach(point.sides, direction.sides),
    )
    dual = min(
        _reach(point.pulls, direction.pulls),
        _reach(point.rests, direction.rests),
        _reach(point.presses, direction.presses),
    )
    return min(1.0, part * primal), min(1.0, part * dual)


def _reach(values: Floats, changes: Floats) -> float:
    falling = changes < 0
    return float((-values[falling] / changes[falling]).min(initial=np.inf))
