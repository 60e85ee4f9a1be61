"""Results whose answers come from models that did not see them, for what is fitted on answers."""

import asyncio
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.grading import say_what_is_missing
from rbrctl.cli.output import Output
from rbrctl.graders.asking import Ask
from rbrctl.graders.judging import PlainReading
from rbrctl.graders.run import GradingRun
from rbrctl.graders.run_summary import RunSummary
from rbrctl.graders.transcript_grader import TranscriptGrader, current_for
from rbrctl.records.models import RuleSetIdentity, Transcript
from rbrctl.records.results_store import open_results
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.graders.training.cross_fitted import CrossFitted
    from rbrctl.ruleset.model import RuleSet


def write_held_out(
    output: Output,
    path: str,
    ruleset: "RuleSet",
    fitted: "CrossFitted",
    transcripts: Iterable[Transcript],
) -> ExitCode:
    """
    Write the results of the transcripts that were cross-validated on, and say what is missing.

    Others are passed over. Raises FileError.
    """
    from rbrctl.graders.training.cross_fitted import CrossFittedGrader

    grader = CrossFittedGrader(ruleset, fitted)
    measured = (each for each in transcripts if each.prompt_digest in fitted.fold_of_prompt)

    async def work() -> RunSummary:
        one = TranscriptGrader(Judge(ruleset), grader, Ask.ALL, PlainReading())
        store = open_results(
            path,
            RuleSetIdentity.of(ruleset),
            grader.identity,
            current_for(grader),
            lambda problem: None,
            overwrite=True,
        )
        with closing(store):
            return await GradingRun(one, store).run(measured, lambda result: None)

    summary = asyncio.run(work())
    output.talk(
        f"{counted(summary.total, 'result')} written to {path}, each answered by a model that did "
        "not see its prompt"
    )
    return say_what_is_missing(output, summary, ruleset)
