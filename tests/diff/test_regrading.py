import asyncio
from dataclasses import replace

import pytest
from graders_for_tests import OracleGrader
from small_sets import small_set

from rbrctl.diff.regrading import Regrading
from rbrctl.errors import GraderError, UsageError
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.ruleset.verdict import Judge

RULESET = small_set({"no-a": ("not a", "bad"), "no-b": ("not b", "poor")})
NAMED = RuleSetIdentity("small", "1", "d")


def transcripts(count: int) -> list[Transcript]:
    made = [make_transcript("p", f"completion {i}", "c", {"a": True}) for i in range(count)]
    return [replace(each, id=f"t{number}") for number, each in enumerate(made)]


def graded(transcript: Transcript, digests: dict[str, str], kind: str = "oracle") -> Result:
    return Result(
        id=transcript.id,
        content_digest=transcript.content_digest,
        prompt_digest=transcript.prompt_digest,
        answers={n: Answer(probability=0.1, digest=digest) for n, digest in digests.items()},
        grader=GraderIdentity(kind, "oracle-1"),
        ruleset=NAMED,
        response_class="c",
    )


@pytest.mark.parametrize("concurrency", [1, 3])
def test_only_what_is_stale_is_asked_again(concurrency: int) -> None:
    texts = transcripts(5)
    results = [
        graded(texts[0], {"a": "a-1", "b": "b-1"}),
        graded(texts[1], {"a": "a-0", "b": "b-1"}),
        graded(texts[2], {"b": "b-1", "c": "c-0"}),
        graded(texts[3], {"a": "a-0", "b": "b-0"}),
    ]
    grader = OracleGrader(RULESET, concurrency=concurrency)
    regrading = Regrading(Judge(RULESET), grader)
    regrading.look_at(results)
    done: list[int] = []
    asyncio.run(regrading.ask(texts[:3] + texts[4:], lambda: done.append(1)))
    assert sorted(grader.calls) == [("t1", ("a",)), ("t2", ("a",))]
    assert len(done) == 2
    renewed = list(regrading.renewed(results))
    assert renewed[0] == results[0]
    assert renewed[1].answers["a"] == Answer(probability=0.9, source="oracle", digest="a-1")
    assert renewed[1].answers["b"] == results[1].answers["b"]
    assert renewed[2].answers["c"] == results[2].answers["c"]
    assert regrading.left == {"a": 1, "b": 1}


def test_an_answer_to_a_renamed_proposition_is_kept() -> None:
    (text,) = transcripts(1)
    result = graded(text, {"old": "a-1", "b": "b-1"})
    regrading = Regrading(Judge(RULESET), OracleGrader(RULESET), renamed={"a": "old"})
    regrading.look_at([result])
    assert regrading.wanted == {}


def test_another_grader_is_refused() -> None:
    (text,) = transcripts(1)
    regrading = Regrading(Judge(RULESET), OracleGrader(RULESET))
    with pytest.raises(UsageError, match="answered by embedded, and --grader is oracle"):
        regrading.look_at([graded(text, {}, kind="embedded")])


def test_a_dead_grader_ends_it() -> None:
    texts = transcripts(4)
    grader = OracleGrader(RULESET, concurrency=2, dies_at="t2")
    regrading = Regrading(Judge(RULESET), grader)
    regrading.look_at(graded(text, {}) for text in texts)
    with pytest.raises(GraderError, match="the grader is gone"):
        asyncio.run(regrading.ask(texts, lambda: None))
