"""Grading as one call of a library, from ordinary and from asynchronous code."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.graders.registry import DEFAULT_KIND, GraderChoice, opener_of
from rbrctl.grading.engine import EngineOptions
from rbrctl.grading.judging import read_decoder
from rbrctl.grading.loop_thread import LoopThread
from rbrctl.grading.plan import Ask
from rbrctl.grading.run import Destination, RunSettings, open_run
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import ProblemHandler, raise_problem
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.sources import BUILTIN_DATA, builtin_path
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import hint_for

SHIPPED_TRANSCRIPTS = "builtin:fixtures"
SHIPPED_FILE = "transcripts.jsonl"


async def grade_async(
    transcripts: str | PathLike[str] | Iterable[Transcript],
    rules: str | PathLike[str] | RuleSet = "builtin:safety",
    grader: "GraderChoice | None" = None,
    *,
    ask: Ask | str | None = None,
    response_class: str | None = None,
    classify: bool = True,
    calibration: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    overwrite: bool = False,
    answers: str | PathLike[str] | None = None,
    on_problem: ProblemHandler = raise_problem,
) -> AsyncGenerator[Result, None]:
    """
    Grade transcripts and yield a result for each, as ``rbrctl grade`` does.

    ``transcripts`` is a file of transcripts, ``builtin:fixtures``, or transcripts as objects (see
    ``make_transcript``). ``rules`` is a rule set, a folder of one, or ``builtin:NAME``. ``grader``
    is ``embedded`` (offline, the default), ``embedded:MODEL_FILE``, ``recorded:RESULTS``, the
    ``EndpointSettings`` of a model, or an open grader that is bound to the same rules; such a
    grader is closed at the end.

    ``ask`` says how much is asked (``needed``, ``all`` or ``lazy``). ``response_class`` is that of
    transcripts that have none, nor a category that the policy of the rules gives one; without it,
    an endpoint infers the class unless ``classify`` is false. ``calibration`` is a file of
    ``rbrctl grader calibrate``. ``output`` is a results file, which a later call continues where
    this one stopped, unless ``overwrite`` is true. ``answers`` keeps an endpoint's answers.

    A line that cannot be read raises RecordError, unless ``on_problem`` takes it. An answer that
    failed is an error in its result, never a score. Raises RuleSetError, FileError, UsageError,
    and GraderError if going on is pointless.
    """
    ruleset = (
        rules
        if isinstance(rules, RuleSet)
        else load(Path(rules) if isinstance(rules, PathLike) else rules)
    )
    kept = None if answers is None else Path(answers)
    settings = RunSettings(
        Judge(ruleset),
        opener_of(grader or DEFAULT_KIND, ruleset, kept, classify=classify),
        EngineOptions(_ask(ask), read_decoder(calibration), response_class),
        Destination(None if output is None else str(Path(output)), overwrite),
    )
    async with open_run(settings, _transcripts(transcripts, on_problem)) as run:
        async for result in run.results():
            yield result


def grade(
    transcripts: str | PathLike[str] | Iterable[Transcript],
    rules: str | PathLike[str] | RuleSet = "builtin:safety",
    grader: "GraderChoice | None" = None,
    *,
    ask: Ask | str | None = None,
    response_class: str | None = None,
    classify: bool = True,
    calibration: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    overwrite: bool = False,
    answers: str | PathLike[str] | None = None,
    on_problem: ProblemHandler = raise_problem,
) -> Iterator[Result]:
    """
    Grade transcripts and yield a result for each; see ``grade_async`` for the arguments.

    The grader works in a thread of its own, so that this also works where an event loop is running
    already, as in a notebook. Nothing is asked before the first result is taken.

    Example::

        for result in rbrctl.grade("transcripts.jsonl", "rules/"):
            print(result.id, result.rank)
    """
    results = grade_async(
        transcripts,
        rules,
        grader,
        ask=ask,
        response_class=response_class,
        classify=classify,
        calibration=calibration,
        output=output,
        overwrite=overwrite,
        answers=answers,
        on_problem=on_problem,
    )
    thread = LoopThread("rbrctl-grade", "run")
    stream = _Stream(results)
    try:
        while (result := thread.run(stream.next())) is not None:
            yield result
    finally:
        try:
            thread.run(stream.close())
        finally:
            thread.close()


class _Stream:
    """Takes results one by one, and can be closed while it waits for one."""

    def __init__(self, results: AsyncGenerator[Result, None]) -> None:
        self._results = results
        self._waiting: asyncio.Task[Any] | None = None

    async def next(self) -> Result | None:
        """Return the next result; None after the last one."""
        self._waiting = asyncio.current_task()
        return await anext(self._results, None)

    async def close(self) -> None:
        """End the run, also where an interrupt (Ctrl-C) has left ``next`` running."""
        if self._waiting is not None and not self._waiting.done():
            # A generator cannot be closed while it runs.
            self._waiting.cancel()
            await asyncio.wait({self._waiting})
        await self._results.aclose()


def _ask(spelling: Ask | str | None) -> Ask | None:
    try:
        return None if spelling is None else Ask(spelling)
    except ValueError:
        raise UsageError(f"ask={spelling!r}: {hint_for(str(spelling), list(Ask))}") from None


def _transcripts(
    transcripts: str | PathLike[str] | Iterable[Transcript], on_problem: ProblemHandler
) -> Iterable[Transcript]:
    if not isinstance(transcripts, str | PathLike):
        return transcripts
    if transcripts == SHIPPED_TRANSCRIPTS:
        path = builtin_path(SHIPPED_TRANSCRIPTS, BUILTIN_DATA) / SHIPPED_FILE
        return read_transcripts(path, on_problem, SHIPPED_TRANSCRIPTS)
    return read_transcripts(transcripts, on_problem)
