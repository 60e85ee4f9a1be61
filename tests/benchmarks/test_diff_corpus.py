from pathlib import Path

import pytest
from benchmarks.diff_corpus import RULES, generated, laxer_copy, measured, rows

from rbrctl.records.json_lines import write_json_lines
from rbrctl.ruleset.loader import load

pytestmark = pytest.mark.slow


def test_a_comparison_runs_over_many_results_in_little_memory(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    write_json_lines(results, rows(load(RULES), 3000))
    for sides in (
        (RULES, laxer_copy(tmp_path)),
        (generated(tmp_path, 300, False), generated(tmp_path, 300, True)),
    ):
        assert measured(*sides, results).megabytes < 300
