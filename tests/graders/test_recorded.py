"""Replaying a results file."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from endpoint_helpers import transcript

from rbrctl.errors import GraderError, NothingMatchedError
from rbrctl.graders.kinds.recorded import RecordedGrader
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import ProblemLog
from rbrctl.records.results import result_to_json

GRADER = GraderIdentity("endpoint", "abc123", "m", "logprobs")
RESULT = Result(
    "t1",
    "content-1",
    "prompt-1",
    {
        "apology": Answer(0.75, "logprobs", "d1", details={"mass": 0.9}),
        "judgement": Answer(error="status 500", digest="d2"),
    },
    GRADER,
    RuleSetIdentity("small", "1", "x"),
)


def write(path: Path, *results: Result) -> Path:
    lines = [json.dumps(result_to_json(result)) for result in results]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_answers_as_recorded(tmp_path: Path) -> None:
    mended = replace(RESULT, id="t2", answers={"judgement": Answer(0.1, "logprobs", "d2")})
    grader = RecordedGrader(write(tmp_path / "r.jsonl", RESULT, mended), ProblemLog())
    assert grader.identity == GRADER
    assert [str(note) for note in grader.notes] == ["answers replayed of: endpoint m logprobs"]
    assert grader.question_digests == {"apology": "d1", "judgement": "d2"}
    item = replace(transcript(), content_digest="content-1")
    answers = asyncio.run(grader.answer(item, ["apology", "judgement"]))
    assert answers["apology"] == RESULT.answers["apology"]
    assert answers["judgement"].probability == 0.1


def test_what_was_not_asked_then_is_an_error_now(tmp_path: Path) -> None:
    grader = RecordedGrader(write(tmp_path / "r.jsonl", RESULT), ProblemLog())
    answers = asyncio.run(grader.answer(transcript(), ["apology"]))
    assert answers["apology"].error is not None
    assert "have no answer to this proposition about this content" in answers["apology"].error


def test_files_that_cannot_be_replayed(tmp_path: Path) -> None:
    other = replace(RESULT, id="t2", grader=replace(GRADER, digest="zzz"))
    with pytest.raises(GraderError, match="results of several graders"):
        RecordedGrader(write(tmp_path / "mixed.jsonl", RESULT, other), ProblemLog())
    with pytest.raises(NothingMatchedError, match="no results to replay"):
        RecordedGrader(write(tmp_path / "empty.jsonl"), ProblemLog())
