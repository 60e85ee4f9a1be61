import asyncio
from dataclasses import replace

from reward_helpers import WordGrader, small_rules

from rbrctl.graders.registry import opener_of
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
