"""``grader train --held-out``: results by models not trained on their prompts."""

import asyncio
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.grading import say_what_is_missing
from rbrctl.cli.output import Output
from rbrctl.counting import counted
from rbrctl.graders.asking import Ask
from rbrctl.graders.judging import PlainReading
from rbrctl.graders.run import GradingRun
from rbrctl.graders.run_summary import RunSummary
from rbrctl.graders.transcript_grader import TranscriptGrader, current_for
from rbrctl.records.models import RuleSetIdentity, Transcript
from rbrctl.records.results_store import open_results
from rbrctl.ruleset.verdict import Judge

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
    Write the results of the transcripts of the cross-validation, and say what is missing.

    Other transcripts are skipped. Raises FileError.
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
        f"{counted(summary.total, 'result')} written to {path}, each answered by a model that was "
        "not trained on its prompt"
    )
    return say_what_is_missing(output, summary, ruleset)
