"""The run: a stream of transcripts graded, judged and stored, with bounded work in flight."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from rbrctl.graders.asking import Ask, propositions_to_ask
from rbrctl.graders.interface import Grader
from rbrctl.graders.judging import Reading, identity_of, judged
from rbrctl.records.models import Result, Transcript
from rbrctl.records.results_store import ResultsStore
from rbrctl.ruleset.verdict import Judge

UNRESOLVED_CLASS_KEY = "response_class_given"
"""The key of a result that keeps a response class which the rule set does not know."""


@dataclass(slots=True)
class RunSummary:
    """What a run did, for the talk after it and for the exit code."""

    graded: int = 0
    kept: int = 0
    """Results of an earlier run that needed no grader."""
    without_class: int = 0
    unknown_classes: Counter[str] = field(default_factory=Counter)
    unknown_labels: Counter[str] = field(default_factory=Counter)
    unknown_rank_labels: Counter[str] = field(default_factory=Counter)
    failed_answers: Counter[str] = field(default_factory=Counter)
    """How often each proposition's answer was an error."""
    first_failure: str | None = None
    unanswerable: tuple[str, ...] = ()
    """Propositions that the rules need and the grader knows nothing of."""

    @property
    def total(self) -> int:
        """How many transcripts have a result."""
        return self.graded + self.kept

    @property
    def complete(self) -> bool:
        """True when every transcript has a class and every answer that its rules need."""
        return not (
            self.without_class or self.unknown_classes or self.failed_answers or self.unanswerable
        )


class GradingRun:
    """Grades transcripts by one rule set with one grader into one store."""

    def __init__(
        self, judge: Judge, grader: Grader, store: ResultsStore, ask: Ask, reading: Reading
    ) -> None:
        """Make ready; nothing is asked yet."""
        self.summary = RunSummary()
        self._judge = judge
        self._grader = grader
        self._store = store
        self._ask = ask
        self._reading = reading
        self._answerable = frozenset(grader.question_digests)
        self._unanswerable: set[str] = set()

    async def run(
        self, transcripts: Iterable[Transcript], on_result: Callable[[Result], None]
    ) -> RunSummary:
        """
        Grade all transcripts; ``on_result`` hears each result once it is stored.

        Raises GraderError when going on is pointless; what is stored stays stored.
        """
        async with aclosing(self._results(transcripts)) as results:
            async for result in results:
                on_result(result)
        known = self._judge.ruleset.propositions
        self.summary.unanswerable = tuple(name for name in known if name in self._unanswerable)
        return self.summary

    async def _results(self, transcripts: Iterable[Transcript]) -> AsyncGenerator[Result, None]:
        width = max(1, self._grader.concurrency)
        flying: set[asyncio.Task[Result]] = set()
        try:
            for transcript in transcripts:
                fresh = self._fresh(transcript)
                kept = self._kept(transcript, fresh)
                if kept is not None:
                    self.summary.kept += 1
                    yield kept
                elif width == 1:
                    yield self._stored(await self._graded(transcript, fresh))
                else:
                    flying.add(asyncio.create_task(self._graded(transcript, fresh)))
                    while len(flying) >= width:
                        done, flying = await asyncio.wait(
                            flying, return_when=asyncio.FIRST_COMPLETED
                        )
                        for result in self._landed(done):
                            yield result
                # A grader that computes never waits: let an interruption in.
                await asyncio.sleep(0)
            while flying:
                done, flying = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                for result in self._landed(done):
                    yield result
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)

    def _landed(self, done: Iterable[asyncio.Task[Result]]) -> list[Result]:
        """Store what came; only then raise the error of a task that failed."""
        failures = [error for task in done if (error := task.exception()) is not None]
        results = [self._stored(task.result()) for task in done if task.exception() is None]
        if failures:
            raise failures[0]
        return results

    def _fresh(self, transcript: Transcript) -> Result:
        """Make the result of a transcript that has no answers yet."""
        response_class, extra = None, dict(transcript.extra)
        if transcript.response_class is None:
            self.summary.without_class += 1
        else:
            spelling = transcript.response_class
            response_class = self._judge.ruleset.resolve_response_class(spelling)
            if response_class is None:
                self.summary.unknown_classes[spelling] += 1
                extra[UNRESOLVED_CLASS_KEY] = spelling
        for name in transcript.labels:
            if name not in self._judge.ruleset.propositions:
                self.summary.unknown_labels[name] += 1
        rank_label = transcript.rank_label
        if rank_label is not None and rank_label not in self._judge.ruleset.ranks:
            self.summary.unknown_rank_labels[rank_label] += 1
        return Result(
            id=transcript.id,
            content_digest=transcript.content_digest,
            prompt_digest=transcript.prompt_digest,
            answers={},
            grader=self._grader.identity,
            ruleset=identity_of(self._judge.ruleset),
            response_class=response_class,
            response_class_source="given" if response_class else None,
            labels=transcript.labels,
            rank_label=rank_label,
            category=transcript.category,
            extra=extra,
        )

    def _asked(self, fresh: Result) -> tuple[str, ...]:
        if fresh.response_class is not None:
            needed = self._judge.dependencies(fresh.response_class)
            self._unanswerable.update(name for name in needed if name not in self._answerable)
        return propositions_to_ask(
            self._ask, self._judge, fresh.response_class, fresh.labels, self._answerable
        )

    def _kept(self, transcript: Transcript, fresh: Result) -> Result | None:
        """Give the stored result where it has every answer, brought up to date without asking."""
        kept = self._store.kept(transcript.id, transcript.content_digest)
        if kept is None or any(name not in kept.answers for name in self._asked(fresh)):
            return None
        current = judged(replace(fresh, answers=kept.answers), self._judge, self._reading)
        if _essence(current) != _essence(kept):
            self._store.append(current)
        return current

    async def _graded(self, transcript: Transcript, fresh: Result) -> Result:
        answers = await self._grader.answer(transcript, self._asked(fresh))
        return judged(replace(fresh, answers=answers), self._judge, self._reading)

    def _stored(self, result: Result) -> Result:
        self._store.append(result)
        self.summary.graded += 1
        for name, answer in result.answers.items():
            if answer.error is not None:
                self.summary.failed_answers[name] += 1
                self.summary.first_failure = self.summary.first_failure or answer.error
        return result


def current_for(grader: Grader) -> Callable[[Result], bool]:
    """Give the test of whether an earlier result's answers are those that would be given today."""
    digests = grader.question_digests

    def is_current(result: Result) -> bool:
        return all(digests.get(name) == each.digest for name, each in result.answers.items())

    return is_current


def _essence(result: Result) -> tuple[object, ...]:
    """Give what decides whether a stored line must be written anew."""
    return (
        result.response_class,
        dict(result.labels),
        result.rank_label,
        result.category,
        dict(result.rules),
        result.rank,
        result.axioms_broken,
        dict(result.extra),
    )
