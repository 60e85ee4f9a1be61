"""One run of the engine: the grader is opened, a store holds the results, and both are closed."""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace

from rbrctl.graders.endpoint.usage import Estimate
from rbrctl.graders.interface import Grader, GraderNote, OpenedGrader, OpenGrader
from rbrctl.grading.engine import Engine, EngineOptions, current_for
from rbrctl.grading.judging import check_decoder
from rbrctl.grading.plan import Ask
from rbrctl.grading.summary import RunSummary
from rbrctl.records.models import Result, RuleSetIdentity, Transcript
from rbrctl.records.results_store import NullResultsStore, ResultsStore, open_results
from rbrctl.ruleset.verdict import Judge

LAYOUT_SAMPLE = 64
"""Number of transcripts sampled to choose the prompt layout before grading starts."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The file in which the results of a run are kept, if any."""

    path: str | None = None
    """A results file that a later run can continue; None keeps nothing."""
    overwrite: bool = False
    """True replaces the results that the file already has."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that a run is made with."""

    judge: Judge
    open_grader: OpenGrader
    options: EngineOptions = field(default_factory=EngineOptions)
    destination: Destination = field(default_factory=Destination)
    offline: bool = False
    """True if the grader may make no call: the run can only be estimated."""
    on_note: Callable[[GraderNote], None] = lambda note: None
    """Is told at the end of the run what the grader has to say; see Grader.notes."""

    def replace_ask(self, ask: Ask) -> "RunSettings":
        """Return the same settings with another choice of what to ask."""
        return replace(self, options=replace(self.options, ask=ask))


class Run:
    """An engine with its grader and store, open until the block of ``open_run`` ends."""

    def __init__(
        self,
        engine: Engine,
        opened: OpenedGrader,
        store: ResultsStore,
        transcripts: Iterable[Transcript],
    ) -> None:
        """Take the parts; ``open_run`` makes them."""
        self.engine = engine
        self.opened = opened
        self.store = store
        self._transcripts = transcripts
        self._streams: list[AsyncGenerator[Result, None]] = []

    @property
    def summary(self) -> RunSummary:
        """The counts of what was graded so far, and of what is incomplete."""
        return self.engine.summary

    @property
    def transcripts(self) -> Iterable[Transcript]:
        """The transcripts of the run, which can be read once."""
        return self._transcripts

    def results(self) -> AsyncGenerator[Result, None]:
        """Grade all transcripts and yield each result once it is stored; see Engine.results."""
        results = self.engine.results(self._transcripts, self.store)
        self._streams.append(results)
        return results

    async def close(self) -> None:
        """Cancel what is in flight; ``open_run`` does this before it closes grader and store."""
        for results in self._streams:
            await results.aclose()


@asynccontextmanager
async def open_run(settings: RunSettings, transcripts: Iterable[Transcript]) -> AsyncIterator[Run]:
    """
    Open the grader and the results file of a run; both are closed at the end of the block.

    The first transcripts are read before the grader is opened, so that it can choose its prompt
    layout by them. Raises what opening the grader and the file raises, and GraderError if the
    calibration of ``settings`` belongs to another grader.
    """
    stream = iter(transcripts)
    first = list(itertools.islice(stream, LAYOUT_SAMPLE))
    opened = await settings.open_grader(first, settings.offline)
    try:
        check_decoder(settings.options.decoder, opened.grader.identity)
        engine = Engine(settings.judge, opened.grader, settings.options, opened.classifier)
        with closing(_open_store(settings, opened.grader)) as store:
            run = Run(engine, opened, store, itertools.chain(first, stream))
            try:
                yield run
            finally:
                await run.close()
    finally:
        if not settings.offline:
            for note in opened.grader.notes:
                settings.on_note(note)
        await opened.grader.close()


def _open_store(settings: RunSettings, grader: Grader) -> ResultsStore:
    destination = settings.destination
    if destination.path is None or settings.offline:
        return NullResultsStore()
    return open_results(
        destination.path,
        RuleSetIdentity.of(settings.judge.ruleset),
        grader.identity,
        current_for(grader),
        # A torn or stale line of an earlier run is graded again, so it is no problem to report.
        lambda problem: None,
        overwrite=destination.overwrite,
    )


async def estimate_run(
    settings: RunSettings, transcripts: Iterable[Transcript]
) -> tuple[Estimate, float | None]:
    """
    Return what a run would ask and what it would cost in USD, without asking anything.

    The cost is None if the prices are unknown. Lazy asking is estimated by its upper limit: all
    propositions that could be needed.
    """
    if settings.options.ask is Ask.LAZY:
        settings = settings.replace_ask(Ask.NEEDED)
    total = Estimate()
    async with open_run(replace(settings, offline=True), transcripts) as run:
        endpoint = run.opened.endpoint
        for transcript in run.transcripts:
            names = run.engine.questions(run.engine.ungraded(transcript))
            if endpoint is None:
                total += Estimate(transcripts=1, answers=len(names))
            else:
                total += endpoint.estimate(transcript, names)
        return total, total.cost(endpoint.usage.prices) if endpoint else 0.0
