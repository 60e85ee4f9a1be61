"""Results of labelled transcripts by models that did not see their prompts."""

from collections.abc import Iterable, Sequence

from rbrctl.graders.interface import OpenedGrader
from rbrctl.graders.training.cross_fitted import CrossFitted, CrossFittedGrader
from rbrctl.grading.run import Destination, RunSettings, open_run
from rbrctl.grading.summary import RunSummary
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


async def write_held_out(
    path: str, ruleset: RuleSet, fitted: CrossFitted, transcripts: Iterable[Transcript]
) -> RunSummary:
    """
    Write the results of the transcripts of a cross-validation to a file, and return what was done.

    Each one is answered by the model that was fitted without its prompt. Transcripts whose prompt
    was not in the cross-validation are skipped. Raises FileError.
    """
    grader = CrossFittedGrader(ruleset, fitted)
    validated = (each for each in transcripts if each.prompt_digest in fitted.fold_of_prompt)

    async def opened(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
        return OpenedGrader(grader)

    settings = RunSettings(Judge(ruleset), opened, destination=Destination(path, overwrite=True))
    async with open_run(settings, validated) as run:
        async for _ in run.results():
            pass
        return run.summary
