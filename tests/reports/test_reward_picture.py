from pathlib import Path

import pytest

from rbrctl.reports.reward_picture import save_distribution
from rbrctl.rewards.evaluation.reward_parts import Distribution, LabelDistribution

matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plot' installs matplotlib")

SPREAD = Distribution(
    "both",
    (0.0, 0.5, 1.0),
    (
        LabelDistribution("c", "good", 1200, 0.8, 0.1, (200, 1000)),
        LabelDistribution("c", "bad", 3, 0.1, 0.1, (3, 0)),
    ),
)


def test_the_legend_counts_the_completions_of_each_rank(tmp_path: Path) -> None:
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        save_distribution(SPREAD, tmp_path / "p.svg")
    text = (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert "good (n 1,200)" in text
    assert "bad (n 3)" in text
