"""The calls that Python code makes to compare rules and results."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from diff_helpers import LAXER, RULES, write
from graders_for_tests import OracleGrader
from small_results import small_result

from rbrctl.diff import RegradeSource, compare, compare_results
from rbrctl.diff.meaning import Relation
from rbrctl.errors import FileError, RecordError, RuleSetError
from rbrctl.graders.interface import OpenGrader
from rbrctl.graders.registry import opener_of
from rbrctl.records.json_lines import write_json_lines
from rbrctl.records.results import result_to_json
from rbrctl.ruleset.model import RuleSet


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("old"), RULES)
    write(Path("new"), LAXER)
    rows = [small_result(0, {"a": False, "b": True}), small_result(1, {"a": True, "b": True})]
    write_json_lines("results.jsonl", map(result_to_json, rows))


def test_two_rule_sets_are_compared_on_results_in_two_lines() -> None:
    comparison = compare("old", "new", "results.jsonl")
    assert comparison.meaning is not None
    assert comparison.meaning.relation is Relation.LAXER
    assert comparison.corpus is not None
    assert [move.id for move in comparison.corpus.moves()] == ["r0"]
    assert (comparison.old_label, comparison.corpus_label) == ("old", "results.jsonl")


def test_without_results_only_the_meaning_is_compared() -> None:
    comparison = compare("new", "old")
    assert comparison.corpus is None
    assert comparison.meaning is not None
    assert comparison.meaning.relation is Relation.STRICTER


def test_two_results_are_compared_under_one_rule_set() -> None:
    rows = [small_result(0, {"a": False, "b": False}), small_result(1, {"a": True, "b": True})]
    write_json_lines("better.jsonl", map(result_to_json, rows))
    comparison = compare_results("results.jsonl", "better.jsonl", "old")
    assert comparison.meaning is None
    assert comparison.corpus is not None
    assert comparison.corpus.moved.bit_count() == 1


def test_what_cannot_be_used_is_raised_and_not_left_out() -> None:
    Path("results.jsonl").write_text("{\n")
    with pytest.raises(RecordError):
        compare("old", "new", "results.jsonl")
    with pytest.raises(FileError):
        compare("old", "missing")
    write(Path("broken"), RULES.replace("not a", "not z"))
    with pytest.raises(RuleSetError):
        compare("old", "broken")


def test_transcripts_are_graded_by_the_grader_that_is_given() -> None:
    row = {"prompt": "p", "completion": "q", "response_class": "c", "labels": {"a": True}}
    write_json_lines("transcripts.jsonl", [row])
    shown: list[tuple[str, int | None]] = []

    def watch(title: str, total: int | None) -> AbstractContextManager[Callable[[], None]]:
        shown.append((title, total))
        return nullcontext(lambda: None)

    def choose(ruleset: RuleSet) -> OpenGrader:
        return opener_of(OracleGrader(ruleset), ruleset)

    source = RegradeSource(choose, watch=watch)
    comparison = compare("old", "new", "transcripts.jsonl", regrading=source)
    assert comparison.corpus is not None
    assert [grader.kind for grader in comparison.corpus.tables.old.graders] == ["oracle"]
    assert shown[0] == ("graded", None)
