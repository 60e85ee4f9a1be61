"""The solver against a linear programming oracle, and its own certificate against perturbations."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.losses import hinge, loss_named
from rbrctl.rewards.solver import smoothing
from rbrctl.rewards.solver.certificate import Solution
from rbrctl.rewards.solver.problem import DenseDifferences, GatheredDifferences, Problem
from rbrctl.rewards.solver.solve import solve

HINGE = loss_named("hinge")


def make_problem(
    seed: int,
    pairs: int,
    width: int,
    *,
    binary: bool = False,
    l2: float = 0.0,
    signed: bool = False,
    uneven: bool = False,
) -> Problem:
    generator = np.random.default_rng(seed)
    completions = max(2, pairs // 2)
    features = generator.random((completions, width))
    if binary:
        features = np.round(features)
    better = generator.integers(0, completions, pairs)
    worse = generator.integers(0, completions, pairs)
    targets = 1 - generator.normal(0, 1, pairs)
    sample_weights = generator.random(pairs) + 0.1 if uneven else np.ones(pairs)
    signs = generator.integers(-1, 2, width).astype(float) if signed else np.zeros(width)
    return Problem(
        GatheredDifferences(features, better, worse),
        targets,
        sample_weights / sample_weights.sum(),
        signs,
        l2,
    )


def make_awkward(seed: int, scale: float, l2: float) -> Problem:
    """Collinear, constant and complementary features, prescribed signs, targets of any size."""
    generator = np.random.default_rng(seed)
    pairs, width = int(generator.choice([1, 2, 3, 10, 50, 300])), int(generator.integers(1, 24))
    completions = int(generator.integers(2, 2 * pairs + 2))
    features = generator.random((completions, width)).round(int(generator.integers(3)))
    for _ in range(3):
        one, other = generator.integers(0, width, 2)
        if one != other:
            features[:, one] = (features[:, other], 1 - features[:, other], 0.3)[
                generator.integers(3)
            ]
    sample_weights = generator.exponential(size=pairs) ** 3 + 1e-9
    return Problem(
        GatheredDifferences(
            features,
            generator.integers(0, completions, pairs),
            generator.integers(0, completions, pairs),
        ),
        scale * (1 + generator.integers(0, 2) * generator.normal(size=pairs)),
        sample_weights / sample_weights.sum(),
        generator.integers(-1, 2, width).astype(float) * generator.integers(0, 2),
        l2,
    )


def optimum(problem: Problem) -> float:
    """The hinge's optimum without L2, as a linear program solved by HiGHS."""
    pairs, width = problem.differences.shape
    matrix = problem.differences.rows(np.arange(pairs))
    constraints = np.hstack([-matrix, -np.eye(pairs)])
    bounds = [(0 if sign > 0 else None, 0 if sign < 0 else None) for sign in problem.signs]
    costs = np.concatenate([np.zeros(width), problem.sample_weights])
    outcome = linprog(
        costs, constraints, -problem.targets, bounds=bounds + [(0, None)] * pairs, method="highs"
    )
    return float(outcome.fun)


def objective(problem: Problem, weights: Floats, loss: str) -> float:
    residuals = problem.residuals(weights)
    values = np.maximum(residuals, 0) if loss == "hinge" else np.log1p(np.exp(residuals))
    return float(problem.sample_weights @ values + problem.l2 / 2 * weights @ weights)


def assert_signs_kept(problem: Problem, solution: Solution) -> None:
    assert (problem.signs * solution.weights >= 0).all()


@given(
    seed=st.integers(0, 2**32),
    pairs=st.integers(1, 80),
    width=st.integers(1, 8),
    binary=st.booleans(),
    signed=st.booleans(),
    uneven=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_hinge_reaches_the_linear_programs_optimum(
    seed: int, pairs: int, width: int, binary: bool, signed: bool, uneven: bool
) -> None:
    problem = make_problem(seed, pairs, width, binary=binary, signed=signed, uneven=uneven)
    solution = solve(problem, HINGE)
    best = optimum(problem)
    assert solution.objective == pytest.approx(objective(problem, solution.weights, "hinge"))
    assert solution.duality_gap <= 1e-6
    assert best - 1e-9 <= solution.objective <= best + 1e-6
    assert_signs_kept(problem, solution)


@given(
    seed=st.integers(0, 2**32),
    pairs=st.integers(1, 80),
    width=st.integers(1, 8),
    l2=st.sampled_from([1e-4, 0.01, 1.0]),
    signed=st.booleans(),
    loss=st.sampled_from(["hinge", "logistic"]),
)
@settings(max_examples=100, deadline=None)
def test_no_other_weights_are_better_than_the_certificate_says(
    seed: int, pairs: int, width: int, l2: float, signed: bool, loss: str
) -> None:
    problem = make_problem(seed, pairs, width, l2=l2, signed=signed)
    solution = solve(problem, loss_named(loss))
    assert solution.duality_gap <= 1e-6
    assert_signs_kept(problem, solution)
    generator = np.random.default_rng(seed)
    for size in (1e-4, 1e-2, 1.0):
        other = solution.weights + generator.normal(0, size, width)
        other = np.where(problem.signs * other < 0, 0.0, other)
        floor = solution.objective - solution.duality_gap - 1e-12
        assert objective(problem, other, loss) >= floor


@given(
    seed=st.integers(0, 2**32),
    scale=st.sampled_from([1e-3, 1.0, 100.0, 1e4]),
    l2=st.sampled_from([0.0, 1e-6, 0.003, 1.0]),
    loss=st.sampled_from(["hinge", "logistic"]),
    few=st.sampled_from([20, 5_000]),
)
# These ask for all the digits there are.
@example(seed=100, scale=1.0, l2=0.0, loss="hinge", few=5_000)
@example(seed=129, scale=1.0, l2=1e-6, loss="hinge", few=5_000)
@settings(max_examples=200, deadline=None)
def test_awkward_problems_of_any_size_are_certified(
    seed: int, scale: float, l2: float, loss: str, few: int
) -> None:
    problem = make_awkward(seed, scale, l2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hinge, "INTERIOR_POINT_LIMIT", few)
        patch.setattr(smoothing, "SAMPLE", few // 2)
        solution = solve(problem, loss_named(loss))
    assert np.isfinite(solution.weights).all()
    assert solution.duality_gap <= 1e-6 * max(1.0, scale)
    assert_signs_kept(problem, solution)
    if loss == "hinge" and l2 == 0:
        best = optimum(problem)
        assert solution.objective <= best + solution.duality_gap + 1e-6 * scale


def test_logistic_without_l2_is_certified_where_an_optimum_exists() -> None:
    solution = solve(make_problem(3, 4000, 5), loss_named("logistic"))
    assert solution.duality_gap <= 1e-6


def test_a_large_problem_is_solved_through_a_sample_and_certified_over_all_pairs() -> None:
    problem = make_problem(7, 6000, 5)
    solution = solve(problem, HINGE)
    assert solution.duality_gap <= 1e-6
    assert solution.objective <= optimum(problem) + 1e-6


def test_separable_pairs_reach_a_loss_of_nothing_with_modest_weights() -> None:
    generator = np.random.default_rng(0)
    matrix = generator.random((500, 4)) + 0.2
    problem = Problem(DenseDifferences(matrix), np.ones(500), np.full(500, 0.002), np.zeros(4))
    solution = solve(problem, HINGE)
    assert solution.objective <= 1e-6
    assert np.abs(solution.weights).max() < 20


@pytest.mark.parametrize("few", [0, 5_000])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_nearly_separable_pairs_without_l2_are_certified_by_either_way(
    few: int, noise: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hinge, "INTERIOR_POINT_LIMIT", few)
    generator = np.random.default_rng(2)
    features = 1 / (1 + np.exp(-generator.normal(0, 4, (60, 20))))
    quality = features @ generator.normal(0, 1, 20) + generator.normal(0, noise, 60)
    better, worse = np.nonzero(quality[:, None] > quality + 0.05)
    count = len(better)
    problem = Problem(
        GatheredDifferences(features, better, worse),
        np.ones(count),
        np.full(count, 1 / count),
        np.zeros(20),
    )
    solution = solve(problem, HINGE)
    assert solution.duality_gap <= 1e-6
    assert optimum(problem) - 1e-9 <= solution.objective <= optimum(problem) + 1e-6


def test_constant_and_collinear_features_are_left_alone() -> None:
    generator = np.random.default_rng(1)
    column = generator.normal(0, 1, 300)
    matrix = np.column_stack([column, column, np.zeros(300)])
    problem = Problem(
        DenseDifferences(matrix), generator.normal(1, 1, 300), np.full(300, 1 / 300), np.zeros(3)
    )
    solution = solve(problem, HINGE)
    assert solution.duality_gap <= 1e-6
    assert solution.weights[2] == 0
    assert solution.weights[0] == pytest.approx(solution.weights[1], abs=1e-6)


def test_the_same_problem_gives_the_same_weights_to_the_last_bit() -> None:
    first, second = (solve(make_problem(5, 5000, 9), HINGE) for _ in range(2))
    assert first.weights.tobytes() == second.weights.tobytes()


def test_a_warm_start_reaches_the_same_optimum() -> None:
    problem = make_problem(11, 3000, 6)
    cold = solve(problem, HINGE)
    warm = solve(problem, HINGE, start=cold.weights + 0.05)
    assert warm.objective == pytest.approx(cold.objective, abs=1e-6)


@pytest.mark.parametrize("loss", ["hinge", "logistic"])
@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9])
def test_without_l2_the_size_of_a_feature_is_of_no_account(size: float, loss: str) -> None:
    generator = np.random.default_rng(1)
    matrix = np.column_stack([generator.normal(0.6, 1, 200), generator.normal(0, 1, 200)])
    problem = Problem(DenseDifferences(matrix), np.ones(200), np.full(200, 1 / 200), np.zeros(2))
    small = Problem(
        DenseDifferences(matrix * [size, 1]), problem.targets, problem.sample_weights, problem.signs
    )
    first, second = solve(problem, loss_named(loss)), solve(small, loss_named(loss))
    assert second.objective == pytest.approx(first.objective, abs=1e-6)
    assert second.weights[0] * size == pytest.approx(first.weights[0], rel=1e-2)


@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("loss", ["hinge", "logistic"])
def test_one_outlying_demand_does_not_spoil_the_certificate(loss: str, l2: float) -> None:
    problem = make_problem(4, 400, 5, l2=l2)
    problem.targets[7] = 9e8
    solution = solve(problem, loss_named(loss))
    assert solution.duality_gap <= 1e-6 + 1e-12 * solution.objective


def test_few_pairs_that_the_interior_point_method_does_not_certify_go_to_newtons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hinge, "MAX_ITERATIONS", 1)
    problem = make_problem(11, 3000, 6)
    solution = solve(problem, HINGE)
    assert solution.duality_gap <= 1e-6
