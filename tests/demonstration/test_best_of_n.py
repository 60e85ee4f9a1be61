"""The demonstration, run as a user would: what it shows must be so, and what the README shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy", reason="the extra 'reward' installs numpy")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def printed() -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, str(HERE / "best_of_n.py")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return done.stdout


def test_fitted_weights_beat_fixed_ones_and_both_rewards_beat_either(printed: str) -> None:
    rows = {
        line[:28].strip(): [float(number) for number in re.findall(r"\d\.\d\d", line)]
        for line in printed.splitlines()
        if re.search(r"\(\d\.\d\d-\d\.\d\d\)$", line)
    }
    *_, best, low, _ = rows.pop("both, fitted weights")
    assert set(rows) == {
        "reward model alone",
        "rules alone, fixed weights",
        "rules alone, fitted weights",
        "both, fixed weights",
    }
    for *shares, other, _, _ in rows.values():
        assert low > other, "not beyond chance"
        assert shares[0] < best


def test_the_readme_shows_it(printed: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("$ python tests/demonstration/best_of_n.py\n")[1].split("```")[0]
    assert [line.rstrip() for line in shown.splitlines()] == printed.splitlines()
