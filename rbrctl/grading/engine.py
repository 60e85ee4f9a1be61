"""
The engine: transcripts in, results out, on one path that every command shares.

A transcript passes five steps: its response class is resolved, the propositions to ask are planned,
the grader is asked (unless an earlier run's answers can be kept), the rules judge the answers, and
the result is stored. ``rbrctl grade``, ``diff --on``, ``batch``, ``grader train`` and the reward
commands all take their classes, questions and verdicts from here, so that they agree.
"""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
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
from rbrctl.grading.summary import RunSummary, has_no_class
from rbrctl.records.models import (
    INFERRED,
    Answer,
    Result,
    RuleSetIdentity,
    Transcript,
)
from rbrctl.records.results import result_to_json, without_meaning
from rbrctl.records.results_store import NullResultsStore, ResultsStore
from rbrctl.ruleset.verdict import Judge

T = TypeVar("T")

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
    """If it is given, ``ask`` is ignored, and transcripts without a class are not asked about."""
    shows_thinking: bool = False
    """True shows the grader completions as they are: whoever made them has dropped the thinking."""


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

    async def close(self) -> list[T]:
        """Cancel the tasks in flight; return what the tasks that were done already have brought."""
        for task in self.running:
            task.cancel()
        outcomes = await asyncio.gather(*self.running, return_exceptions=True)
        self.running = set()
        return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


def _successes(done: Iterable[asyncio.Task[T]]) -> list[T]:
    """Return what those of the finished tasks have brought that did not fail."""
    return [task.result() for task in done if task.exception() is None]


def _raise_failure(done: Iterable[asyncio.Task[T]]) -> None:
    """Raise the error of a finished task that failed, if there is one."""
    for task in done:
        task.result()


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
        in which they are finished. A result that ``store`` has kept from an earlier run is yielded
        without asking, if it has every answer that would be asked today.

        Raises GraderError when going on is pointless. Then, and when the generator is closed early,
        what was finished is stored and the rest is cancelled; a later run goes on from there.
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
                    for result in self._stored_outcomes(done, store):
                        yield result
                # An offline grader never waits, so this is where an interruption can come in.
                await asyncio.sleep(0)
            while window.running:
                for result in self._stored_outcomes(await window.next_done(), store):
                    yield result
        finally:
            # Results that were finished while the caller was busy have been paid for: store them.
            for result in await window.close():
                self._stored(result, store)

    async def answers(
        self, work: Iterable[tuple[Transcript, Collection[str]]]
    ) -> AsyncGenerator[tuple[Transcript, Mapping[str, Answer]], None]:
        """
        Ask the named propositions about each transcript and yield it with its answers.

        At most ``grader.concurrency`` transcripts are in flight, as in ``results``.

        For callers that know what to ask, such as a comparison that asks only what changed.
        Raises GraderError when going on is pointless.
        """
        window: _Window[tuple[Transcript, Mapping[str, Answer]]] = _Window(self.grader.concurrency)
        try:
            for transcript, names in work:
                done = await window.add(self._answers_to(transcript, names))
                for answered in _successes(done):
                    yield answered
                _raise_failure(done)
            while window.running:
                done = await window.next_done()
                for answered in _successes(done):
                    yield answered
                _raise_failure(done)
        finally:
            await window.close()

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
        self.summary.add_graded(result)
        return result

    def ungraded(self, transcript: Transcript) -> Result:
        """Return the result of a transcript that has no answers yet, its class resolved."""
        transcript = self._resolver.resolve(transcript)
        self.summary.by_category = self._resolver.by_category
        response_class = unresolved_class = None
        if transcript.response_class is not None:
            spelling = transcript.response_class
            response_class = self.judge.ruleset.resolve_response_class(spelling)
            if response_class is None:
                self.summary.unknown_classes[spelling] += 1
                unresolved_class = spelling
        self.summary.add_unknown_names(transcript, self.judge.ruleset)
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
            rank_label=transcript.rank_label,
            category=transcript.category,
            unresolved_class=unresolved_class,
            extra=without_meaning(transcript.extra),
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
        self.summary.add_unanswerable(unknown, self.judge.ruleset.propositions)
        return asked

    def _kept(self, ungraded: Result, store: ResultsStore) -> Result | None:
        """Return the stored result if nothing has to be asked; rewrite it if it has changed."""
        kept = store.kept(ungraded.id, ungraded.content_digest)
        if kept is None:
            return None
        current = self._updated(ungraded, kept)
        if current is None:
            return None
        if _as_stored(current) != _as_stored(kept):
            store.append(current)
        self.summary.add_kept(current)
        return current

    def _updated(self, ungraded: Result, kept: Result) -> Result | None:
        """
        Return an earlier run's result brought up to date without asking anything.

        None if it lacks an answer that would be asked today.
        """
        lacks_class = has_no_class(ungraded)
        if lacks_class and kept.response_class_source == INFERRED:
            if self._classifier is None:
                return None
            ungraded = _with_inferred_class(ungraded, kept.response_class, kept.class_probability)
        elif lacks_class and self._classifier is not None:
            return None
        lazily = self._asks_lazily and kept.asked_lazily
        if lazily:
            ungraded = replace(ungraded, asked_lazily=True)
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
        if self._classifier is not None and has_no_class(ungraded):
            ungraded = await self._classified(self._classifier, transcript, ungraded)
        if self._asks_lazily and ungraded.response_class is not None:
            answers = await self._answers_asked_lazily(transcript, ungraded.response_class)
            ungraded = replace(ungraded, asked_lazily=True)
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
            self.summary.add_failed_inference(guess.error)
            return ungraded
        return _with_inferred_class(ungraded, guess.response_class, guess.probability)

    def _stored_outcomes(
        self, done: Collection[asyncio.Task[Result]], store: ResultsStore
    ) -> Iterator[Result]:
        """Store the results of finished tasks, yield them, then raise the error of a failed one."""
        # All are stored before the first is yielded: the caller may stop at any of them.
        yield from [self._stored(result, store) for result in _successes(done)]
        _raise_failure(done)

    def _stored(self, result: Result, store: ResultsStore) -> Result:
        store.append(result)
        self.summary.add_graded(result)
        return result


def current_for(grader: Grader) -> Callable[[Result], bool]:
    """Return the test whether a result's answers are those that ``grader`` would give today."""
    digests = grader.question_digests

    def is_current(result: Result) -> bool:
        return all(digests.get(name) == each.digest for name, each in result.answers.items())

    return is_current


def _with_inferred_class(
    result: Result, response_class: str | None, probability: float | None
) -> Result:
    return replace(
        result,
        response_class=response_class,
        response_class_source=INFERRED,
        class_probability=probability,
    )


def _as_stored(result: Result) -> Mapping[str, object]:
    """Return a result as its line is written, without the answers, which a kept line shares."""
    return result_to_json(replace(result, answers={}))
