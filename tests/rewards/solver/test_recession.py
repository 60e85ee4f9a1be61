"""A direction without an end is found exactly where a linear program finds one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from rbrctl.rewards.losses import loss_named
from rbrctl.rewards.solver.problem import DenseDifferences, Problem
from rbrctl.rewards.solver.solve import solve


def exists(problem: Problem) -> bool:
    """Tell whether some direction puts no pair back and some forward, by a linear program."""
    matrix = problem.differences.rows(np.arange(len(problem.targets)))
    bounds = [(0 if s > 0 else -1, 0 if s < 0 else 1) for s in problem.signs]
    outcome = linprog(
        -matrix.sum(axis=0), -matrix, np.zeros(len(matrix)), bounds=bounds, method="highs"
    )
    return bool(-outcome.fun > 1e-7)


@given(
    seed=st.integers(0, 2**32),
    pairs=st.integers(1, 60),
    width=st.integers(1, 6),
    rare=st.sampled_from([0.05, 0.3, 1.0]),
    signed=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_it_is_found_where_there_is_one(
    seed: int, pairs: int, width: int, rare: float, signed: bool
) -> None:
    generator = np.random.default_rng(seed)
    matrix = (
        generator.integers(-2, 3, (pairs, width)) / 2 * (generator.random((pairs, width)) < rare)
    )
    signs = generator.integers(-1, 2, width) * 1.0 if signed else np.zeros(width)
    problem = Problem(DenseDifferences(matrix), np.ones(pairs), np.full(pairs, 1 / pairs), signs)
    found = solve(problem, loss_named("logistic")).recession
    assert (found is not None) == exists(problem)
    if found is not None:
        gains = matrix @ found
        assert gains.min() >= -1e-6 * gains.max()
        assert (signs * found >= 0).all()


def test_one_pair_of_many_that_only_gains_is_enough() -> None:
    generator = np.random.default_rng(0)
    matrix = np.column_stack([np.zeros(5_000), generator.normal(0.3, 1, 5_000)])
    matrix[17, 0] = 0.01
    problem = Problem(
        DenseDifferences(matrix), np.ones(5_000), np.full(5_000, 1 / 5_000), np.zeros(2)
    )
    found = solve(problem, loss_named("logistic")).recession
    assert found is not None
    assert found[0] > 0
    assert found[1] == pytest.approx(0.0, abs=1e-6 * found[0])
