"""Asking a grader again for ``rbrctl diff --on RESULTS --grader``."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rbrctl.cli.graders import OpenGrader
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.comparing.answer_table import AnswerTable, TableBuilder, Truth
from rbrctl.comparing.regrading import Regrading
from rbrctl.errors import UsageError
from rbrctl.records.files import Source
from rbrctl.records.models import Result
from rbrctl.records.problems import LineProblem, ProblemHandler
from rbrctl.records.results import read_results
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


@dataclass(frozen=True, slots=True)
class Again:
    """Who is asked again, and where the texts are that results do not hold."""

    open_grader: OpenGrader
    transcripts: Source


@dataclass(frozen=True, slots=True)
class Regraded:
    """The new side's answers, and what was asked for them."""

    table: AnswerTable
    asked: int
    left: Mapping[str, int]
    """By proposition, the answers that stay stale for want of the transcript."""


def regrade(
    output: Output,
    again: Again,
    results: str,
    new: RuleSet,
    renamed: Mapping[str, str],
    beside: AnswerTable,
    truth: Truth | None,
    on_problem: ProblemHandler,
) -> Regraded:
    """
    Ask what the new rules ask otherwise and give the results with the new answers.

    ``renamed`` leads from old names of propositions to new ones. Raises UsageError where the
    results cannot be read a second time, or another grader answered them.
    """
    if results == "-":
        raise UsageError("--grader reads the results twice; give --on a file")
    back = {new_name: old_name for old_name, new_name in renamed.items()}
    regrading = asyncio.run(_asked(output, again, results, Judge(new), back, on_problem))
    builder = TableBuilder(truth, beside)
    for result in regrading.renewed(_again(results)):
        builder.take(result)
    return Regraded(builder.table(), len(regrading.answers), regrading.left)


async def _asked(
    output: Output,
    again: Again,
    results: str,
    judge: Judge,
    renamed: Mapping[str, str],
    on_problem: ProblemHandler,
) -> Regrading:
    opened = await again.open_grader((), False)
    try:
        regrading = Regrading(judge, opened.grader, renamed)
        regrading.look_at(_again(results))
        with Progress(output, "graded again", len(regrading.wanted)) as progress:
            await regrading.ask(read_transcripts(again.transcripts, on_problem), progress.advance)
        return regrading
    finally:
        await opened.grader.close()
        for note in opened.grader.notes:
            output.talk(note)


def _again(results: str) -> Iterator[Result]:
    """Read the results once more; their bad lines were told the first time."""

    def told_already(problem: LineProblem) -> None:
        """Leave the line out."""

    return read_results(results, told_already)
