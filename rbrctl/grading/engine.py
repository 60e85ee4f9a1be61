"""
The engine: transcripts in, results out, on one path that every command shares.

A transcript passes five steps: its response class is resolved, the propositions to ask are planned,
the grader is asked (unless an earlier run's answers can be kept), the rules judge the answers, and
the result is stored. ``rbrctl grade``, ``diff --on``, ``batch``, ``grader train`` and the reward
commands all take their classes, questions and verdicts from here, so that they agree.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Classifier, Grader
from rbrctl.grading.classes import CategoryClassResolver
from rbrctl.grading.judging import AnswerDecoder, PlainDecoder, judged
from rbrctl.grading.plan import (
    Ask,
    Frequencies,
    LazyPlan,
    answer_lazily,
    answers_about,
    propositions_to_ask,
)
from rbrctl.records.models import (
    ASKED_KEY,
    LAZILY,
    UNRESOLVED_CLASS_KEY,
    Answer,
    Result,
    RuleSetIdentity,
    Transcript,
)
from rbrctl.records.results_store import NullResultsStore, ResultsStore
from rbrctl.ruleset.verdict import Judge

T = TypeVar("T")

CLASS_PROBABILITY_KEY = "response_class_probability"
"""The key of a result with the probability of a response class that was inferred."""
INFERRED = "inferred"

_DETAIL = re.compile(r"[:;(]|, ")

Needs = Mapping[str, Collection[str]]
"""The propositions to ask, by response class, in place of those that the rules depend on."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How transcripts are graded."""

    ask: Ask | None = None
    """None asks for all propositions where that costs no more than one, else for those needed."""
    decoder: AnswerDecoder = field(default_factory=PlainDecoder)
    response_class: str | None = None
    """The class of transcripts that have none and whose category has none: a name or alias."""
    needs: Needs | None = None
    """Where it is given, ``ask`` is ignored, and transcripts without a class are not asked."""
    shows_thinking: bool = False
    """True shows the grader completions as they are: whoever made them has dropped the thinking."""


@dataclass(slots=True)
class RunSummary:
    """What a run did and what it left incomplete."""

    graded: int = 0
    kept: int = 0
    """Results of an earlier run that needed no grader."""
    by_category: int = 0
    """Transcripts whose response class is that of their category."""
    without_class: int = 0
    inferred_class: int = 0
    failed_inferences: int = 0
    first_failed_inference: str | None = None
    unknown_classes: Counter[str] = field(default_factory=Counter)
    unknown_labels: Counter[str] = field(default_factory=Counter)
    unknown_rank_labels: Counter[str] = field(default_factory=Counter)
    failed_answers: Counter[str] = field(default_factory=Counter)
    """The number of failed answers by proposition."""
    first_failure: str | None = None
    failure_kinds: Counter[str] = field(default_factory=Counter)
    """The number of failures by what their messages say before any detail."""
    low_mass: int = 0
    """Answers of this run in which yes and no had little probability together."""
    unanswerable: tuple[str, ...] = ()
    """Propositions that the rules of some transcript need and the grader cannot answer."""

    @property
    def total(self) -> int:
        """The number of transcripts that have a result."""
        return self.graded + self.kept

    @property
    def complete(self) -> bool:
        """True if every transcript has a class and every answer that its rules need."""
        return not (
            self.without_class
            or self.failed_inferences
            or self.unknown_classes
            or self.failed_answers
            or self.unanswerable
        )


class _Window(Generic[T]):
    """Tasks in flight, at most ``width`` at once."""

    def __init__(self, width: int) -> None:
        self.width = max(1, width)
        self.running: set[asyncio.Task[T]] = set()

    async def add(self, work: Coroutine[Any, Any, T]) -> set[asyncio.Task[T]]:
        """Start a task; return those that are done once there is room for the next one."""
        self.running.add(asyncio.create_task(work))
        done: set[asyncio.Task[T]] = set()
        while len(self.running) >= self.width:
            done |= await self.next_done()
        return done

    async def next_done(self) -> set[asyncio.Task[T]]:
        """Wait until a task is done; return all that are."""
        done, self.running = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
        return done

    async def cancel(self) -> None:
        """End the tasks that are still in flight."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)


class Engine:
    """
    Grades transcripts with one grader under one rule set, and counts what is incomplete.

    An engine belongs to one event loop. ``results`` grades a stream, ``grade`` one transcript.
    """

    def __init__(
        self,
        judge: Judge,
        grader: Grader,
        options: EngineOptions | None = None,
        classifier: Classifier | None = None,
    ) -> None:
        """
        Bind rules, grader and options; nothing is asked yet.

        ``classifier`` infers the response class of transcripts that have none. Raises UsageError
        for an unknown response class, and for lazy asking of a grader that answers all
        propositions of a transcript in one call.
        """
        options = options or EngineOptions()
        if options.ask is Ask.LAZY and grader.asks_together:
            raise UsageError(
                "lazy asking saves nothing where all propositions are answered at once; "
                "use --ask all or --ask needed"
            )
        self.summary = RunSummary()
        self.judge = judge
        self.grader = grader
        self.ask = options.ask or (Ask.ALL if grader.asks_together else Ask.NEEDED)
        self._decoder = options.decoder
        self._needs = options.needs
        self._shows_thinking = options.shows_thinking
        self._classifier = classifier
        self._resolver = CategoryClassResolver(judge.ruleset, options.response_class)
        self._frequencies = Frequencies()
        self._plan = LazyPlan(judge, self._frequencies)
        self._answerable = frozenset(grader.question_digests)
        self._room = asyncio.Semaphore(max(1, grader.concurrency))

    async def results(
        self, transcripts: Iterable[Transcript], store: ResultsStore | None = None
    ) -> AsyncGenerator[Result, None]:
        """
        Grade a stream of transcripts and yield each result once it is stored.

        At most ``grader.concurrency`` transcripts are in flight, and the results come in the order
        in which they are finished. Raises GraderError when going on is pointless; what is stored
        stays stored.
        """
        store = store or NullResultsStore()
        window: _Window[Result] = _Window(self.grader.concurrency)
        try:
            for transcript in transcripts:
                ungraded = self.ungraded(transcript)
                kept = self._kept(ungraded, store)
                if kept is not None:
                    yield kept
                elif window.width == 1:
                    yield self._stored(await self._graded(transcript, ungraded), store)
                else:
                    done = await window.add(self._graded(transcript, ungraded))
                    for result in self._finished(done, store):
                        yield result
                # An offline grader never waits, so this is where an interruption can come in.
                await asyncio.sleep(0)
            while window.running:
                for result in self._finished(await window.next_done(), store):
                    yield result
        finally:
            await window.cancel()

    async def answers(
        self, work: Iterable[tuple[Transcript, Collection[str]]]
    ) -> AsyncGenerator[tuple[Transcript, Mapping[str, Answer]], None]:
        """
        Ask the named propositions about each transcript, with the same limit on work in flight.

        For callers that know what to ask, such as a comparison that asks only what changed.
        Raises GraderError when going on is pointless.
        """
        window: _Window[tuple[Transcript, Mapping[str, Answer]]] = _Window(self.grader.concurrency)
        try:
            for transcript, names in work:
                for task in await window.add(self._answers_to(transcript, names)):
                    yield task.result()
            while window.running:
                for task in await window.next_done():
                    yield task.result()
        finally:
            await window.cancel()

    async def _answers_to(
        self, transcript: Transcript, names: Collection[str]
    ) -> tuple[Transcript, Mapping[str, Answer]]:
        return transcript, await answers_about(self.grader, transcript, names)

    async def grade(self, transcript: Transcript) -> Result:
        """
        Grade one transcript; calls that run side by side share the grader's concurrency.

        Raises GraderError when going on is pointless.
        """
        return self._judged(await self.answered(transcript))

    async def answered(self, transcript: Transcript) -> Result:
        """
        Answer the questions about one transcript without judging it; see ``grade``.

        For callers that make something else of the answers than a verdict, such as a reward.
        """
        async with self._room:
            # An offline grader never waits: let other tasks have their turn first.
            await asyncio.sleep(0)
            result = await self._answered(transcript, self.ungraded(transcript))
        self._count(result)
        return result

    def ungraded(self, transcript: Transcript) -> Result:
        """Return the result of a transcript that has no answers yet, its class resolved."""
        transcript = self._resolver.resolve(transcript)
        self.summary.by_category = self._resolver.by_category
        response_class, extra = None, dict(transcript.extra)
        if transcript.response_class is not None:
            spelling = transcript.response_class
            response_class = self.judge.ruleset.resolve_response_class(spelling)
            if response_class is None:
                self.summary.unknown_classes[spelling] += 1
                extra[UNRESOLVED_CLASS_KEY] = spelling
        for name in transcript.labels:
            if name not in self.judge.ruleset.propositions:
                self.summary.unknown_labels[name] += 1
        rank_label = transcript.rank_label
        if rank_label is not None and rank_label not in self.judge.ruleset.ranks:
            self.summary.unknown_rank_labels[rank_label] += 1
        return Result(
            id=transcript.id,
            content_digest=transcript.content_digest,
            prompt_digest=transcript.prompt_digest,
            answers={},
            grader=self.grader.identity,
            ruleset=RuleSetIdentity.of(self.judge.ruleset),
            response_class=response_class,
            response_class_source="given" if response_class else None,
            labels=transcript.labels,
            rank_label=rank_label,
            category=transcript.category,
            extra=extra,
        )

    def resolved(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the response class that needs no grader to find."""
        return self._resolver.resolve(transcript)

    def questions(self, ungraded: Result) -> tuple[str, ...]:
        """Return the propositions to ask, and note those that the grader cannot answer."""
        response_class = ungraded.response_class
        if self._needs is not None:
            needed: Collection[str] = self._needs.get(response_class or "", ())
            asked = tuple(name for name in needed if name in self._answerable)
        else:
            needed = self.judge.dependencies(response_class) if response_class else ()
            asked = propositions_to_ask(
                self.ask, self.judge, response_class, ungraded.labels, self._answerable
            )
        unknown = {name for name in needed if name not in self._answerable}
        if not unknown <= set(self.summary.unanswerable):
            unknown.update(self.summary.unanswerable)
            names = self.judge.ruleset.propositions
            self.summary.unanswerable = tuple(name for name in names if name in unknown)
        return asked

    def _kept(self, ungraded: Result, store: ResultsStore) -> Result | None:
        """Return the stored result if nothing has to be asked; rewrite it if it has changed."""
        kept = store.kept(ungraded.id, ungraded.content_digest)
        if kept is None:
            return None
        current = self._updated(ungraded, kept)
        if current is None:
            return None
        if _stored_parts(current) != _stored_parts(kept):
            store.append(current)
        self.summary.kept += 1
        self._count_class(current)
        return current

    def _updated(self, ungraded: Result, kept: Result) -> Result | None:
        """
        Return an earlier run's result brought up to date without asking anything.

        None if it lacks an answer that would be asked today.
        """
        has_no_class = _has_no_class(ungraded)
        if has_no_class and kept.response_class_source == INFERRED:
            if self._classifier is None:
                return None
            ungraded = _with_inferred_class(
                ungraded, kept.response_class, kept.extra.get(CLASS_PROBABILITY_KEY)
            )
        elif has_no_class and self._classifier is not None:
            return None
        lazily = self._asks_lazily and kept.asked_lazily
        if lazily:
            ungraded = _marked_lazy(ungraded)
        current = self._judged(replace(ungraded, answers=kept.answers))
        settled = lazily and current.rank is not None
        if not settled and any(name not in kept.answers for name in self.questions(ungraded)):
            return None
        return current

    @property
    def _asks_lazily(self) -> bool:
        return self._needs is None and self.ask is Ask.LAZY

    async def _graded(self, transcript: Transcript, ungraded: Result) -> Result:
        return self._judged(await self._answered(transcript, ungraded))

    def _judged(self, answered: Result) -> Result:
        return judged(answered, self.judge, self._decoder)

    async def _answered(self, transcript: Transcript, ungraded: Result) -> Result:
        """Infer a missing class, and ask. Raises GraderError when going on is pointless."""
        if self._classifier is not None and _has_no_class(ungraded):
            ungraded = await self._classified(self._classifier, transcript, ungraded)
        if self._asks_lazily and ungraded.response_class is not None:
            answers = await self._answers_asked_lazily(transcript, ungraded.response_class)
            ungraded = _marked_lazy(ungraded)
        else:
            names = self.questions(ungraded)
            if not names:
                answers = {}
            elif self._shows_thinking:
                answers = await self.grader.answer(transcript, names)
            else:
                answers = await answers_about(self.grader, transcript, names)
        return replace(ungraded, answers=answers)

    async def _answers_asked_lazily(
        self, transcript: Transcript, response_class: str
    ) -> Mapping[str, Answer]:
        truth = self._decoder.truth
        answers = await answer_lazily(self.grader, self._plan, transcript, response_class, truth)
        truths = {name: truth(name, answer) for name, answer in answers.items()}
        known = {name: value for name, value in truths.items() if value is not None}
        self._frequencies.observe(response_class, known)
        return answers

    async def _classified(
        self, classifier: Classifier, transcript: Transcript, ungraded: Result
    ) -> Result:
        guess = await classifier.classify(transcript)
        if guess.response_class is None:
            self.summary.failed_inferences += 1
            self.summary.first_failed_inference = self.summary.first_failed_inference or guess.error
            return ungraded
        return _with_inferred_class(ungraded, guess.response_class, guess.probability)

    def _finished(self, done: Iterable[asyncio.Task[Result]], store: ResultsStore) -> list[Result]:
        """Store the results of finished tasks, and only then raise the error of a failed one."""
        failures = [error for task in done if (error := task.exception()) is not None]
        results = [self._stored(task.result(), store) for task in done if task.exception() is None]
        if failures:
            raise failures[0]
        return results

    def _stored(self, result: Result, store: ResultsStore) -> Result:
        store.append(result)
        self._count(result)
        return result

    def _count(self, result: Result) -> None:
        self.summary.graded += 1
        self._count_class(result)
        for name, answer in result.answers.items():
            if answer.error is not None:
                self.summary.failed_answers[name] += 1
                self.summary.failure_kinds[failure_kind(answer.error)] += 1
                self.summary.first_failure = self.summary.first_failure or answer.error
            elif answer.details.get("low_mass"):
                self.summary.low_mass += 1

    def _count_class(self, result: Result) -> None:
        if result.response_class_source == INFERRED:
            self.summary.inferred_class += 1
        elif _has_no_class(result):
            self.summary.without_class += 1


def failure_kind(message: str) -> str:
    """Return what an error message says before its details, without numbers but a status."""
    kind = _DETAIL.split(message, maxsplit=1)[0].strip()
    return kind if kind.startswith("status ") else re.sub(r"\d[\d,.]*", "N", kind)


def current_for(grader: Grader) -> Callable[[Result], bool]:
    """Return the test whether a result's answers are those that ``grader`` would give today."""
    digests = grader.question_digests

    def is_current(result: Result) -> bool:
        return all(digests.get(name) == each.digest for name, each in result.answers.items())

    return is_current


def _has_no_class(result: Result) -> bool:
    """Return True if neither a class was given, known or not, nor one was inferred."""
    return result.response_class is None and UNRESOLVED_CLASS_KEY not in result.extra


def _with_inferred_class(
    result: Result, response_class: str | None, probability: float | None
) -> Result:
    return replace(
        result,
        response_class=response_class,
        response_class_source=INFERRED,
        extra={**result.extra, CLASS_PROBABILITY_KEY: probability},
    )


def _marked_lazy(result: Result) -> Result:
    return replace(result, extra={**result.extra, ASKED_KEY: LAZILY})


def _stored_parts(result: Result) -> tuple[object, ...]:
    """Return what decides whether a stored line has to be written anew."""
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
