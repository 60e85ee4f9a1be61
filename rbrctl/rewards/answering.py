"""Answers for completions that come without them, so that they can be compared."""

import asyncio
from collections.abc import Callable, Collection, Iterable

from rbrctl.graders.asking import answers_about
from rbrctl.graders.interface import Grader
from rbrctl.graders.judging import PlainReading, judged
from rbrctl.records.models import Result, RuleSetIdentity, Transcript
from rbrctl.rewards.features import FeatureSet, feature_names
from rbrctl.rewards.together import together
from rbrctl.ruleset.verdict import Judge


async def answered(
    transcripts: Iterable[Transcript],
    judge: Judge,
    grader: Grader,
    on_result: Callable[[Result], None] | None = None,
) -> list[Result]:
    """
    Have the propositions answered that the features of each transcript's class need, in order.

    Transcripts without a known class are not asked about. Raises GraderError where the grader
    cannot go on.
    """
    room = asyncio.Semaphore(max(1, grader.concurrency))
    needed = {name: _needed(judge, name) for name in judge.ruleset.response_classes}

    async def work(transcript: Transcript) -> Result:
        name = judge.ruleset.resolve_response_class(transcript.response_class or "")
        asked = [each for each in needed.get(name or "", ()) if each in grader.question_digests]
        async with room:
            await asyncio.sleep(0)
            result = await _result(transcript, name, asked, judge, grader)
        if on_result is not None:
            on_result(result)
        return result

    return await together(work(transcript) for transcript in transcripts)


def _needed(judge: Judge, response_class: str) -> tuple[str, ...]:
    features = FeatureSet(judge, response_class, feature_names(judge, response_class))
    return features.propositions


async def _result(
    transcript: Transcript,
    response_class: str | None,
    asked: Collection[str],
    judge: Judge,
    grader: Grader,
) -> Result:
    bare = Result(
        id=transcript.id,
        content_digest=transcript.content_digest,
        prompt_digest=transcript.prompt_digest,
        answers=await answers_about(grader, transcript, asked) if asked else {},
        grader=grader.identity,
        ruleset=RuleSetIdentity.of(judge.ruleset),
        response_class=response_class or transcript.response_class,
        labels=transcript.labels,
        rank_label=transcript.rank_label,
        category=transcript.category,
        extra=transcript.extra,
    )
    return judged(bare, judge, PlainReading())
