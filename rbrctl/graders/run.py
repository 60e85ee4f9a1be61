"""The run: a stream of transcripts graded and stored, with bounded work in flight."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

from rbrctl.graders.run_summary import RunSummary, kind_of
from rbrctl.graders.transcript_grader import (
    INFERRED,
    UNRESOLVED_CLASS_KEY,
    TranscriptGrader,
    essence,
)
from rbrctl.records.models import Result, Transcript
from rbrctl.records.results_store import ResultsStore


class GradingRun:
    """Feeds transcripts to one grader and results into one store."""

    def __init__(self, grader: TranscriptGrader, store: ResultsStore, concurrency: int = 1) -> None:
        """Make ready to have ``concurrency`` transcripts in flight at once."""
        self.summary = grader.summary
        self._grader = grader
        self._store = store
        self._width = max(1, concurrency)

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
        self.summary.unanswerable = self._grader.unanswerable
        return self.summary

    async def _results(self, transcripts: Iterable[Transcript]) -> AsyncGenerator[Result, None]:
        flying: set[asyncio.Task[Result]] = set()
        try:
            for transcript in transcripts:
                fresh = self._grader.fresh(transcript)
                kept = self._kept(transcript, fresh)
                if kept is not None:
                    self.summary.kept += 1
                    self._count_class(kept)
                    yield kept
                elif self._width == 1:
                    yield self._stored(await self._grader.graded(transcript, fresh))
                else:
                    flying.add(asyncio.create_task(self._grader.graded(transcript, fresh)))
                    while len(flying) >= self._width:
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

    def _kept(self, transcript: Transcript, fresh: Result) -> Result | None:
        """Give the stored result where nothing need be asked; written anew if it has changed."""
        kept = self._store.kept(transcript.id, transcript.content_digest)
        if kept is None:
            return None
        current = self._grader.revived(transcript, fresh, kept)
        if current is not None and essence(current) != essence(kept):
            self._store.append(current)
        return current

    def _count_class(self, result: Result) -> None:
        if result.response_class_source == INFERRED:
            self.summary.inferred_class += 1
        elif result.response_class is None and UNRESOLVED_CLASS_KEY not in result.extra:
            self.summary.without_class += 1

    def _stored(self, result: Result) -> Result:
        self._store.append(result)
        self.summary.graded += 1
        self._count_class(result)
        for name, answer in result.answers.items():
            if answer.error is not None:
                self.summary.failed_answers[name] += 1
                self.summary.failure_kinds[kind_of(answer.error)] += 1
                self.summary.first_failure = self.summary.first_failure or answer.error
            elif answer.details.get("low_mass"):
                self.summary.low_mass += 1
        return result
