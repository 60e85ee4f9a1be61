import asyncio
from contextlib import nullcontext
from dataclasses import replace

import pytest
from reward_helpers import WordGrader, small_rules

from rbrctl.errors import GraderError
from rbrctl.graders.interface import GraderNote
from rbrctl.graders.registry import opener_of
from rbrctl.records.models import Answer
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.answering import grade_for_features
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
