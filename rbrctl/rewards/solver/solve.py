"""
Fit weights to ordered pairs of completions, with a proof of optimality.

The problem, for pairs i with feature differences d_i, targets t_i and sample weights p_i:

    minimise over w   sum_i p_i f(t_i - d_i' w) + l2/2 |w|^2
    subject to        sign_j w_j >= 0   for the features j with a prescribed sign

f is a convex loss (see ``rbrctl.rewards.losses``). The Lagrangian dual, with a dual variable
a_i = p_i u_i for each pair, u_i being a slope of f, and f* its convex conjugate:

    maximise over u   sum_i p_i (u_i t_i - f*(u_i)) - |(D' a)_+|^2 / (2 l2)

where ( )_+ drops the features whose entry points to the forbidden sign; without L2 the last term
becomes the constraint (D' a)_+ = 0. The two optima are equal, so that the difference between the
objective at any w and the dual objective at any u, the duality gap, bounds how far w is from the
optimum: see ``certificate``. A solution states its gap, whatever method has found it.

There are few features (tens) and many pairs (up to millions), so that every method forms systems of
the size of the features only. Smooth losses are solved by Newton's method along a ``continuation``.
The hinge, which has a kink, is solved by its ``smoothing`` or by an ``interior_point`` method, both
finished by solving for the pairs on the kink (``active_set``).

Sources: S. Boyd and L. Vandenberghe, *Convex Optimization* (2004), chapters 5, 9 and 11; J. Nocedal
and S. Wright, *Numerical Optimization* (2006), chapters 3, 14 and 16.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.solver.certificate import Solution, radius
from rbrctl.rewards.solver.problem import Problem, in_own_units

if TYPE_CHECKING:
    from rbrctl.rewards.losses.interface import Loss

SMALLEST_TOLERANCE = 1e-9
"""Tolerance of the duality gap, as a share of the unit of reward; less is lost in rounding."""


def solve(
    problem: Problem, loss: "Loss", tolerance: float = 5e-7, start: Floats | None = None
) -> Solution:
    """
    Minimise the mean loss over the pairs plus the L2 term.

    Args:
        problem: At least one pair and one feature.
        loss: One of ``rbrctl.rewards.losses``, at its own temperature.
        tolerance: The duality gap to reach, as far as rounding allows where targets are large.
        start: Weights that are expected to be near the optimum; they save time.

    Deterministic: the same problem gives the same weights, to the last bit.

    """
    posed, units = in_own_units(problem, loss.smallest_unit)
    wanted = max(tolerance / max(units.reward, 1.0), SMALLEST_TOLERANCE)
    near = None if start is None else units.own(start)
    found = loss.rescaled(units.reward).minimise(posed, wanted, near)
    return replace(
        found,
        weights=units.weights(found.weights),
        objective=found.objective * units.reward,
        duality_gap=found.duality_gap * units.reward,
        radius=radius(posed, found.weights) * units.reward,
        recession=None if found.recession is None else units.weights(found.recession),
    )
