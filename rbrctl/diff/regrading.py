"""Grading for a comparison: what nobody answered yet, or what the new rules ask differently."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from rbrctl.diff.answer_table import AnswerTable, TableBuilder, Truth
from rbrctl.diff.inputs import ungraded
from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.records.files import Source
from rbrctl.records.json_lines import write_json_lines
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity, Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler, raise_problem
from rbrctl.records.results import read_results, result_to_json
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

Watch = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""Shows progress: takes a title and the number of transcripts, and yields what counts one."""


def unwatched(title: str, total: int) -> AbstractContextManager[Callable[[], None]]:
    """Return a ``Watch`` that shows nothing."""
    return nullcontext(lambda: None)


def already_reported(problem: LineProblem) -> None:
    """Ignore a bad line: it was reported when the file was read the first time."""


@dataclass(frozen=True, slots=True)
class RegradeSource:
    """The grader to ask, and the texts that a results file does not contain."""

    open_grader: Callable[[RuleSet], Awaitable[Grader]]
    """Opens the grader for a rule set, in the event loop that asks it."""
    transcripts: Source | None = None
    """None where the file that is compared on contains the texts itself."""
    watch: Watch = unwatched


@dataclass(frozen=True, slots=True)
class RegradedTable:
    """The new side's answers, and what was asked for them."""

    table: AnswerTable
    asked: int
    """The number of transcripts that were graded again."""
    stale: Mapping[str, int]
    """For each proposition the answers that stay stale because the transcript is missing."""
    notes: Sequence[str] = ()
    """What the grader has to say after the run."""


@dataclass(frozen=True, slots=True)
class OldResults:
    """A results file, as the old side of a comparison has read it."""

    path: str
    table: AnswerTable
    truth: Truth | None = None
    """How answers are read as true or false."""


def grade_transcripts(
    source: RegradeSource,
    transcripts: Source,
    results: Path,
    rules: RuleSet,
    on_problem: ProblemHandler = raise_problem,
) -> None:
    """Grade transcripts by the questions of a rule set, and write them as a results file."""

    async def ask() -> Regrading:
        grader = await source.open_grader(rules)
        try:
            identity = RuleSetIdentity.of(rules)
            bare = ungraded(transcripts, on_problem, grader.identity, identity)
            write_json_lines(results, map(result_to_json, bare))
            regrading = Regrading(Judge(rules), grader)
            await _ask(regrading, source.watch, "graded", results, transcripts, already_reported)
            return regrading
        finally:
            await grader.close()

    regrading = asyncio.run(ask())
    answered = regrading.renewed(read_results(results, already_reported))
    write_json_lines(results, map(result_to_json, answered))


def regrade(
    source: RegradeSource,
    old: OldResults,
    new: RuleSet,
    renamed: Mapping[str, str],
    on_problem: ProblemHandler = raise_problem,
) -> RegradedTable:
    """
    Ask again what the new rules ask differently, and return the results with the new answers.

    ``renamed`` maps old names of propositions to new ones. Raises UsageError where another grader
    answered the results, and what the grader raises when it cannot go on.
    """
    back = {new_name: old_name for old_name, new_name in renamed.items()}
    transcripts = old.path if source.transcripts is None else source.transcripts

    async def ask() -> tuple[Regrading, Sequence[str]]:
        grader = await source.open_grader(new)
        try:
            regrading = Regrading(Judge(new), grader, back)
            title = "graded again"
            await _ask(regrading, source.watch, title, old.path, transcripts, on_problem)
        finally:
            await grader.close()
        return regrading, grader.notes

    regrading, notes = asyncio.run(ask())
    builder = TableBuilder(old.truth, old.table)
    for result in regrading.renewed(read_results(old.path, already_reported)):
        builder.take(result)
    return RegradedTable(builder.table(), len(regrading.answers), regrading.left, notes)


async def _ask(
    regrading: "Regrading",
    watch: Watch,
    title: str,
    results: Source,
    transcripts: Source,
    on_problem: ProblemHandler,
) -> None:
    regrading.look_at(read_results(results, already_reported))
    with watch(title, len(regrading.wanted)) as advance:
        await regrading.ask(read_transcripts(transcripts, on_problem), advance)


@dataclass(slots=True)
class Regrading:
    """
    The stale answers of a results file, and the answers that replace them.

    An answer is stale where the grader would now be asked something else for its proposition; the
    question's digest shows that. An answer to a renamed proposition whose question did not change
    is kept.
    """

    judge: Judge
    """Has the new rules."""
    grader: Grader
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Maps the new name of a renamed proposition to the old one."""
    wanted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The propositions to ask again, by content digest."""
    answers: dict[str, Mapping[str, Answer]] = field(default_factory=dict)
    """The new answers, by content digest."""

    def look_at(self, results: Iterable[Result]) -> None:
        """
        Find the stale answers.

        Raises UsageError where the results were answered by another grader than the one to ask.
        """
        others: set[GraderIdentity] = set()
        identity = self.grader.identity
        for result in results:
            if (result.grader.kind, result.grader.model) != (identity.kind, identity.model):
                others.add(result.grader)
            if stale := tuple(self._stale(result)):
                self.wanted[result.content_digest] = stale
        if others:
            named = ", ".join(sorted(f"{each.kind} {each.model or ''}".strip() for each in others))
            raise UsageError(
                f"the results were answered by {named}, and --grader is {identity.kind} "
                f"{identity.model or ''}".rstrip()
                + "; only the same grader can be asked again"
            )

    def _stale(self, result: Result) -> Iterator[str]:
        response_class = self.judge.ruleset.resolve_response_class(result.response_class or "")
        if response_class is None:
            return
        for name in self.judge.dependencies(response_class):
            digest = self.grader.question_digests.get(name)
            if digest is not None and self._kept(result, name).digest != digest:
                yield name

    def _kept(self, result: Result, name: str) -> Answer:
        nothing = Answer(error="not asked")
        own = result.answers.get(name)
        return own or result.answers.get(self.renamed.get(name, name)) or nothing

    async def ask(self, transcripts: Iterable[Transcript], on_answered: Callable[[], None]) -> None:
        """
        Ask the stale propositions of the transcripts that have any.

        Raises GraderError where no further question could succeed.
        """
        running: set[asyncio.Task[None]] = set()
        try:
            for transcript in transcripts:
                content = transcript.content_digest
                if content in self.wanted and content not in self.answers:
                    self.answers[content] = {}
                    running.add(asyncio.create_task(self._ask(transcript)))
                while len(running) >= max(1, self.grader.concurrency):
                    running = await _finished(running, on_answered)
            while running:
                running = await _finished(running, on_answered)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _ask(self, transcript: Transcript) -> None:
        names = self.wanted[transcript.content_digest]
        self.answers[transcript.content_digest] = await self.grader.answer(transcript, names)

    def renewed(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield the results with new answers in place of the stale ones."""
        for result in results:
            yield replace(
                result,
                answers={**result.answers, **self.answers.get(result.content_digest, {})},
            )

    @property
    def left(self) -> dict[str, int]:
        """For each proposition the answers that stay stale because the text is missing."""
        counts: dict[str, int] = {}
        for content, names in self.wanted.items():
            if content not in self.answers:
                for name in names:
                    counts[name] = counts.get(name, 0) + 1
        return counts


async def _finished(
    running: set[asyncio.Task[None]], on_answered: Callable[[], None]
) -> set[asyncio.Task[None]]:
    done, left = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
        on_answered()
    return left
