"""``grader train --held-out``: results by models not trained on their prompts."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.grading import say_what_is_missing
from rbrctl.cli.output import Output
from rbrctl.graders.interface import OpenedGrader
from rbrctl.grading.run import Destination, RunSettings, open_run
from rbrctl.grading.summary import RunSummary
from rbrctl.records.models import Transcript
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
    Write the results of the transcripts of the cross-validation, and say what is missing.

    Other transcripts are skipped. Raises FileError.
    """
    from rbrctl.graders.training.cross_fitted import CrossFittedGrader

    grader = CrossFittedGrader(ruleset, fitted)
    measured = (each for each in transcripts if each.prompt_digest in fitted.fold_of_prompt)

    async def opened(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
        return OpenedGrader(grader)

    settings = RunSettings(Judge(ruleset), opened, destination=Destination(path, overwrite=True))

    async def work() -> RunSummary:
        async with open_run(settings, measured) as run:
            async for _ in run.results():
                pass
            return run.summary

    summary = asyncio.run(work())
    output.talk(
        f"{counted(summary.total, 'result')} written to {path}, each answered by a model that was "
        "not trained on its prompt"
    )
    return say_what_is_missing(output, summary, ruleset)
