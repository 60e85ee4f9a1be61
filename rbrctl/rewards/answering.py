"""Results for completions that come without answers, so that they can be compared."""

from collections.abc import Callable, Iterable
from contextlib import aclosing

from rbrctl.graders.interface import GraderNote, OpenGrader
from rbrctl.grading.engine import EngineOptions
from rbrctl.grading.run import RunSettings, open_run
from rbrctl.records.models import Result, Transcript
from rbrctl.rewards.features import FeatureSet, feature_names
from rbrctl.ruleset.verdict import Judge


async def grade_for_features(
    transcripts: Iterable[Transcript],
    judge: Judge,
    open_grader: OpenGrader,
    response_class: str | None = None,
    on_result: Callable[[Result], None] | None = None,
    on_note: Callable[[GraderNote], None] = lambda note: None,
) -> list[Result]:
    """
    Return the results of transcripts, in their order, with the answers that features need.

    Only the propositions that the features of a transcript's response class depend on are asked;
    a transcript without a class is not asked about. ``response_class`` is that of transcripts that
    have none. ``on_note`` is told what the grader has to say at the end. Raises GraderError if the
    grader cannot go on.
    """
    rows = list(transcripts)
    needs = {
        name: FeatureSet(judge, name, feature_names(judge, name)).propositions
        for name in judge.ruleset.response_classes
    }
    options = EngineOptions(response_class=response_class, needs=needs)
    place = {(row.id, row.content_digest): index for index, row in enumerate(rows)}
    found: list[tuple[int, Result]] = []
    settings = RunSettings(judge, open_grader, options, on_note=on_note)
    async with open_run(settings, rows) as run, aclosing(run.results()) as results:
        async for result in results:
            found.append((place[result.id, result.content_digest], result))
            if on_result is not None:
                on_result(result)
    return [result for _, result in sorted(found, key=lambda each: each[0])]
