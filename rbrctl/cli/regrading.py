"""Asking a grader for ``rbrctl diff --on ... --grader``: at first, and what is asked otherwise."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rbrctl.cli.graders import OpenGrader
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.diff.answer_table import AnswerTable, TableBuilder, Truth
from rbrctl.diff.inputs import ungraded
from rbrctl.diff.regrading import Regrading
from rbrctl.errors import UsageError
from rbrctl.records.files import Source
from rbrctl.records.json_lines import write_json_lines
from rbrctl.records.models import Result, RuleSetIdentity
from rbrctl.records.problems import LineProblem, ProblemHandler
from rbrctl.records.results import read_results, result_to_json
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


def told_already(problem: LineProblem) -> None:
    """Leave out a bad line that was told when the file was read the first time."""


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


def grade(
    output: Output, again: Again, results: str, ruleset: RuleSet, on_problem: ProblemHandler
) -> None:
    """Have transcripts answered, as one rule set asks, and write a results file."""
    graded = asyncio.run(_graded(output, again, results, Judge(ruleset), on_problem))
    write_json_lines(results, (result_to_json(each) for each in graded.renewed(_again(results))))


async def _graded(
    output: Output, again: Again, results: str, judge: Judge, on_problem: ProblemHandler
) -> Regrading:
    opened = await again.open_grader((), False)
    try:
        rules = RuleSetIdentity.of(judge.ruleset)
        bare = ungraded(again.transcripts, on_problem, opened.grader.identity, rules)
        write_json_lines(results, map(result_to_json, bare))
        regrading = Regrading(judge, opened.grader)
        await _ask(output, regrading, again, results, "graded")
        return regrading
    finally:
        await opened.grader.close()


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
        await _ask(output, regrading, again, results, "graded again", on_problem)
        return regrading
    finally:
        await opened.grader.close()
        for note in opened.grader.notes:
            output.talk(note)


async def _ask(
    output: Output,
    regrading: Regrading,
    again: Again,
    results: str,
    what: str,
    on_problem: ProblemHandler = told_already,
) -> None:
    regrading.look_at(_again(results))
    with Progress(output, what, len(regrading.wanted)) as progress:
        await regrading.ask(read_transcripts(again.transcripts, on_problem), progress.advance)


def _again(results: str) -> Iterator[Result]:
    """Read the results once more."""
    return read_results(results, told_already)
