import json
from dataclasses import replace
from pathlib import Path

import pytest
import reward_helpers
from reward_helpers import WordGrader, small_rules, with_policy

import rbrctl
from rbrctl.errors import RecordError, UsageError
from rbrctl.records.models import RuleSetIdentity
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards import export_rows, join_results, rank_transcripts
from rbrctl.rewards.exporting import ExportForm
from rbrctl.ruleset.verdict import Judge

RULES = replace(with_policy(small_rules()), digest="2" * 32)
WEIGHTS = replace(reward_helpers.WEIGHTS, ruleset=RuleSetIdentity.of(RULES))
ROWS = [
    {"id": "a", "prompt": "p", "completion": "kind", "category": "greeting", "rm_score": 1},
    {"id": "b", "prompt": "p", "completion": "rude", "response_class": "c"},
]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    transcripts = tmp_path / "t.jsonl"
    transcripts.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    path = tmp_path / "r.jsonl"
    list(rbrctl.grade(transcripts, RULES, WordGrader(), output=path))
    return path


def test_two_files_become_training_data_in_a_few_lines(results: Path, tmp_path: Path) -> None:
    joined = join_results(results, tmp_path / "t.jsonl", RULES)
    ranked = rank_transcripts(joined.graded, Judge(RULES), weights=WEIGHTS)
    (row,) = export_rows(ranked, ExportForm.PREFERENCES)
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == ("kind", "rude")
    assert [(each.rank, each.reward) for each in ranked] == [(0, 3.5), (2, -1.0)]


def test_a_result_without_a_class_gets_that_of_its_category(results: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    results.write_text("".join(json.dumps({**row, "response_class": None}) + "\n" for row in rows))
    joined = join_results(results, tmp_path / "t.jsonl", RULES)
    ranked = rank_transcripts(joined.graded, Judge(RULES), weights=WEIGHTS)
    assert [each.transcript.response_class for each in ranked] == ["c", None]
    assert [each.reward for each in ranked] == [3.5, None]


def test_rows_without_a_partner_are_counted(results: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"prompt": "q", "completion": "kind"}) + "\ntorn\n")
    problems = ProblemLog()
    joined = join_results(results, other, RULES, problems)
    assert (len(joined.graded), joined.results_without_transcript) == (0, 2)
    assert (joined.transcripts_without_result, problems.count) == (1, 1)
    with pytest.raises(RecordError, match=r"other\.jsonl:2"):
        join_results(results, other, RULES)


def test_results_of_other_rules_and_files_of_another_kind_are_refused(
    results: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="judged by another rule set"):
        join_results(results, tmp_path / "t.jsonl", replace(RULES, digest="1" * 32))
    with pytest.raises(UsageError, match="this is a file of transcripts"):
        join_results(tmp_path / "t.jsonl", results, RULES, ProblemLog())
