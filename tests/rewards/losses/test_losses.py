"""Losses are found by the registry, and what the interface promises of each of them is true."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from reward_helpers import noisy
from scipy.optimize import minimize

from rbrctl.cli.main import run
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.rewards import losses
from rbrctl.rewards.fitting.fit import fit
from rbrctl.rewards.fitting.made_weights import described_options
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.losses import loss_named, loss_names
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import compare
from rbrctl.rewards.pairs.orderings import rank_ordering
from rbrctl.rewards.solver.problem import DenseDifferences, Problem
from rbrctl.rewards.solver.solve import solve
from rbrctl.ruleset.verdict import Judge

SQUARED_HINGE = '''
"""The squared hinge, max(0, residual)^2 / 2."""

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.losses.interface import SmoothLoss


class SquaredHinge(SmoothLoss):
    """max(0, residual)^2 / (2 temperature)."""

    name = "squared-hinge"
    reaches_zero = True

    def values(self, residuals: Floats) -> Floats:
        return np.maximum(residuals, 0.0) ** 2 / (2 * self.temperature)

    def slopes(self, residuals: Floats) -> Floats:
        return np.maximum(residuals, 0.0) / self.temperature

    def curvatures(self, residuals: Floats) -> Floats:
        return (residuals > 0) / self.temperature

    def conjugate(self, slopes: Floats) -> Floats:
        return self.temperature * slopes**2 / 2


LOSS = SquaredHinge()
'''


@pytest.fixture(scope="module")
def squared_hinge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Add one module to the package of losses, and touch nothing else."""
    folder = tmp_path_factory.mktemp("losses")
    (folder / "squared_hinge.py").write_text(SQUARED_HINGE)
    losses.__path__.append(str(folder))
    yield "squared-hinge"
    losses.__path__.remove(str(folder))


def test_the_default_comes_first_and_an_unknown_name_is_refused() -> None:
    assert loss_names() == ("hinge", "logistic")
    with pytest.raises(UsageError, match="no loss 'logistc'; did you mean 'logistic'"):
        loss_named("logistc")


@pytest.mark.parametrize("name", loss_names())
def test_a_loss_has_the_name_of_its_module(name: str) -> None:
    assert loss_named(name).name == name


@given(
    name=st.sampled_from([*loss_names(), "squared-hinge"]),
    unit=st.sampled_from([1.0, 0.1, 30.0]),
    residual=st.floats(-20, 20),
    other=st.floats(-20, 20),
)
@settings(max_examples=300, deadline=None)
def test_slopes_are_supporting_and_the_conjugate_fits_them(
    squared_hinge: str, name: str, unit: float, residual: float, other: float
) -> None:
    plain, loss = loss_named(name), loss_named(name).rescaled(unit)
    here, there = np.array([residual]), np.array([other])
    assert loss.values(here) == pytest.approx(plain.values(here * unit) / unit)
    slope = loss.slopes(here)
    close = 1e-9 * (1 + float(loss.values(here)[0] + loss.values(there)[0]))
    assert loss.values(there) >= loss.values(here) + slope * (there - here) - close
    # Fenchel and Young: with the slope at a residual, the inequality is an equation.
    assert loss.conjugate(slope) == pytest.approx(slope * here - loss.values(here), abs=close)


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_a_loss_in_a_file_of_its_own_is_solved_to_its_optimum(
    squared_hinge: str, scale: float, l2: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    matrix = generator.normal(0.2, 1, (80, 4))
    targets = scale * (1 + generator.normal(size=80))
    problem = Problem(DenseDifferences(matrix), targets, np.full(80, 1 / 80), np.zeros(4), l2)

    def objective(weights: np.ndarray) -> tuple[float, np.ndarray]:
        short = np.maximum(targets - matrix @ weights, 0)
        value = short @ short / 160 + l2 / 2 * weights @ weights
        return float(value), l2 * weights - short @ matrix / 80

    best = minimize(objective, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-10})
    solution = solve(problem, loss_named(squared_hinge))
    assert solution.objective == pytest.approx(objective(solution.weights)[0], rel=1e-9)
    assert solution.objective == pytest.approx(best.fun, abs=1e-6 * max(1.0, scale))
    assert solution.weights == pytest.approx(best.x, abs=1e-2 * scale)
    assert solution.duality_gap <= 1e-6 * max(1.0, scale)


def test_separable_pairs_have_an_optimum_with_a_loss_that_reaches_zero(squared_hinge: str) -> None:
    matrix = np.random.default_rng(0).random((50, 3)) + 0.1
    problem = Problem(DenseDifferences(matrix), np.ones(50), np.full(50, 0.02), np.zeros(3))
    solution = solve(problem, loss_named(squared_hinge))
    assert solution.recession is None
    assert solution.objective <= 1e-6


def test_a_fit_with_it_reports_its_name_and_its_losses(
    squared_hinge: str, judge: Judge, make: object
) -> None:
    candidates: list[Candidate] = noisy(make)  # type: ignore[arg-type]
    comparisons = compare(candidates, judge, rank_ordering(("good", "poor", "bad")))
    options = FitOptions(loss_named(squared_hinge), l2=0.01, bootstrap=3)
    fitted = fit(comparisons, options)["c"]
    data = comparisons.classes["c"]
    weights = np.array(list(fitted.vector.values()))
    rewards = data.rm_scores + data.values @ weights
    short = data.margins - rewards[data.pairs.better] + rewards[data.pairs.worse]
    assert fitted.training_loss == pytest.approx(float((np.maximum(short, 0) ** 2 / 2).mean()))
    assert fitted.duality_gap <= 1e-6
    assert math.isfinite(fitted.held_out.loss)
    assert described_options(options)["loss"] == "squared-hinge"


def test_the_command_line_offers_it(
    squared_hinge: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(
            f'{{"prompt": "Give me some advice {n}.", "chosen": "Sure, here is how: {n}.", '
            f'"rejected": "I cannot help.", "response_class": "comply"}}\n'
            for n in range(3)
        )
    )
    out = tmp_path / "weights.yaml"
    arguments = ("reward", "fit", str(rows), "--bootstrap", "0", "-o", str(out), "--loss")
    assert run((*arguments, "squared-hnge"), output=Output({})) == 2
    assert "did you mean 'squared-hinge'" in capsys.readouterr().err
    assert run((*arguments, squared_hinge), output=Output({})) == 0
    assert yaml.safe_load(out.read_text())["fit"]["loss"] == "squared-hinge"


def test_help_names_the_losses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("reward", "fit", "--help"), output=Output({})) == 0
    words = capsys.readouterr().out.replace("│", " ").split()
    assert "hinge or logistic" in " ".join(words)
