"""Grading for a comparison: what nobody answered yet, or what the new rules ask differently."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from rbrctl.diff.answer_table import AnswerTable, TableBuilder, Truth
from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader, GraderNote, OpenGrader
from rbrctl.grading.engine import Engine
from rbrctl.grading.run import Destination, RunSettings, open_run
from rbrctl.records.files import DataSource
from rbrctl.records.models import Answer, GraderIdentity, Result, Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler, raise_problem
from rbrctl.records.results import read_results
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

Watch = Callable[[str, int | None], AbstractContextManager[Callable[[], None]]]
"""
Shows progress.

Takes a title and the number of transcripts, or None where it is not known; yields what counts one.
"""


def unwatched(title: str, total: int | None) -> AbstractContextManager[Callable[[], None]]:
    """Return a ``Watch`` that shows nothing."""
    return nullcontext(lambda: None)


def already_reported(problem: LineProblem) -> None:
    """Ignore a bad line: it was reported when the file was read the first time."""


@dataclass(frozen=True, slots=True)
class RegradeSource:
    """The grader to ask, and the texts that a results file does not contain."""

    choose_grader: Callable[[RuleSet], OpenGrader]
    """Returns how the grader is opened for a rule set."""
    transcripts: DataSource | None = None
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
    notes: Sequence[GraderNote] = ()
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
    transcripts: DataSource,
    results: Path,
    rules: RuleSet,
    on_problem: ProblemHandler = raise_problem,
) -> None:
    """Grade transcripts by the questions of a rule set, and write them as a results file."""

    async def grade() -> None:
        settings = RunSettings(
            Judge(rules),
            source.choose_grader(rules),
            destination=Destination(str(results), overwrite=True),
        )
        rows = read_transcripts(transcripts, on_problem)
        async with open_run(settings, rows) as run, aclosing(run.results()) as graded:
            with source.watch("graded", None) as advance:
                async for _ in graded:
                    advance()

    asyncio.run(grade())


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

    async def ask() -> tuple[Regrading, Sequence[GraderNote]]:
        grader = (await source.choose_grader(new)((), False)).grader
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
    results: DataSource,
    transcripts: DataSource,
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
        engine = Engine(self.judge, self.grader)
        async with aclosing(engine.answers(self._work(transcripts))) as answers:
            async for transcript, found in answers:
                self.answers[transcript.content_digest] = found
                on_answered()

    def _work(
        self, transcripts: Iterable[Transcript]
    ) -> Iterator[tuple[Transcript, tuple[str, ...]]]:
        for transcript in transcripts:
            content = transcript.content_digest
            if content in self.wanted and content not in self.answers:
                self.answers[content] = {}
                yield transcript, self.wanted[content]

    def renewed(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield the results with new answers in place of the stale ones."""
        for result in results:
            yield replace(
                result,
                answers={**result.answers, **self.answers.get(result.content_digest, {})},
            )

    @property
    def left(self) -> dict[str, int]:
        """Number of answers of each proposition that stay stale because the text is missing."""
        counts: dict[str, int] = {}
        for content, names in self.wanted.items():
            if content not in self.answers:
                for name in names:
                    counts[name] = counts.get(name, 0) + 1
        return counts
