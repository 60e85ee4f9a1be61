import asyncio
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from reward_helpers import WordGrader, small_rules, with_policy

from rbrctl.errors import GraderError, RecordError
from rbrctl.graders.interface import GraderNote
from rbrctl.graders.registry import opener_of
from rbrctl.records.models import Answer
from rbrctl.records.problems import ProblemLog
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.pairs.loading import grade_for_features, load_dataset
from rbrctl.ruleset.verdict import Judge


def test_results_are_whole() -> None:
    transcripts = [
        make_transcript("p", "rude", "c", {"kind": False}),
        make_transcript("p", "broken", "c"),
        replace(make_transcript("p", "kind"), id="no class"),
    ]
    judge = Judge(small_rules())
    opener = opener_of(WordGrader(), judge.ruleset)
    rude, broken, unknown = asyncio.run(grade_for_features(transcripts, judge, opener))
    assert (rude.rank, rude.rules) == ("bad", {"be-kind": "broken", "not-rude": "broken"})
    assert rude.rank_probabilities == {"good": 0.0, "poor": 0.0, "bad": 1.0}
    assert (rude.labels, rude.content_digest) == ({"kind": False}, rude.id)
    assert (broken.rank, broken.rank_probabilities) == (None, None)
    assert broken.rules == {"be-kind": "undetermined", "not-rude": "undetermined"}
    assert (unknown.id, unknown.answers, unknown.rules) == ("no class", {}, {})


def test_a_dataset_is_loaded_in_a_few_lines(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "prompt": "p", "completion": "kind", "category": "greeting"},
        {"id": "b", "prompt": "p", "completion": "rude", "category": "greeting"},
        {"id": "c", "prompt": "q", "completion": "kind", "category": "unknown"},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "torn")
    problems = ProblemLog()
    dataset = load_dataset(path, with_policy(small_rules()), WordGrader(), problems=problems)
    (data,) = dataset.comparisons.classes.values()
    assert (data.response_class, data.ids, len(data.pairs)) == ("c", ("a", "b"), 1)
    assert dataset.comparisons.skipped.counts == {"no response class": 1}
    assert (problems.count, dataset.bad_lines, dataset.is_complete) == (1, 1, False)
    with pytest.raises(RecordError, match=r"t\.jsonl:4"):
        load_dataset(path, with_policy(small_rules()), WordGrader())


class DyingGrader(WordGrader):
    """Gives up at the first question."""

    async def answer(self, *question: object) -> dict[str, Answer]:
        raise GraderError("the server is gone")


@pytest.mark.parametrize("kind", [WordGrader, DyingGrader])
def test_what_the_grader_has_to_say_is_told_also_if_it_gives_up(kind: type[WordGrader]) -> None:
    grader = kind()
    grader.notes = (GraderNote("the server truncates", is_warning=True), GraderNote("2 calls"))
    judge = Judge(small_rules())
    told: list[GraderNote] = []
    opener = opener_of(grader, judge.ruleset)
    rows = [make_transcript("p", "kind", "c")]
    with pytest.raises(GraderError) if kind is DyingGrader else nullcontext():
        asyncio.run(grade_for_features(rows, judge, opener, on_note=told.append))
    assert tuple(told) == grader.notes
