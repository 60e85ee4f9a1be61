"""Micro-batching: completions of requests that arrive together are scored together."""

import asyncio
from collections.abc import Sequence

from rbrctl.rewards.function import Reward
from rbrctl.rewards.jobs import Job
from rbrctl.rewards.scorer import Scorer

WINDOW_SECONDS = 0.002
BATCH = 64


class OverloadedError(Exception):
    """Too many completions wait; the caller should try again later."""


class Batcher:
    """
    Collects jobs for a moment, so that the same completion in two requests is graded once.

    Jobs whose reward is remembered never wait. It lives in one event loop.
    """

    def __init__(self, scorer: Scorer, limit: int, seconds: float) -> None:
        """Take the largest number of waiting jobs, and how many seconds each may wait."""
        self._scorer = scorer
        self._limit = limit
        self._seconds = seconds
        self._queue: list[tuple[Job, asyncio.Future[Reward | None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self.waiting = 0

    async def score(self, jobs: Sequence[Job]) -> list[Reward | None]:
        """
        Score jobs in order; None for what could not be graded.

        Raises OverloadedError where too many wait, TimeoutError, and GraderError.
        """
        rewards = [self._scorer.remembered(job) for job in jobs]
        missing = [index for index, reward in enumerate(rewards) if reward is None]
        if not missing:
            return rewards
        if self.waiting + len(missing) > self._limit:
            raise OverloadedError
        futures = [self._enqueue(jobs[index]) for index in missing]
        self.waiting += len(missing)
        try:
            async with asyncio.timeout(self._seconds):
                graded = await asyncio.gather(*futures)
        finally:
            self.waiting -= len(missing)
        for index, reward in zip(missing, graded, strict=True):
            rewards[index] = reward
        return rewards

    async def close(self) -> None:
        """End the batches that run, and with them those who still wait, and close the scorer."""
        self._flush()
        for task in self._batches:
            task.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)
        await self._scorer.close()

    def _enqueue(self, job: Job) -> "asyncio.Future[Reward | None]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reward | None] = loop.create_future()
        self._queue.append((job, future))
        if len(self._queue) >= BATCH:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(WINDOW_SECONDS, self._flush)
        return future

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._queue:
            return
        batch, self._queue = self._queue, []
        task = asyncio.create_task(self._run(batch))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    async def _run(self, batch: "list[tuple[Job, asyncio.Future[Reward | None]]]") -> None:
        wanted = [(job, future) for job, future in batch if not future.done()]
        try:
            rewards = await self._scorer.score([job for job, _ in wanted])
        except asyncio.CancelledError:
            for _, future in wanted:
                future.cancel()
            raise
        except Exception as error:
            for _, future in wanted:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), reward in zip(wanted, rewards, strict=True):
            if not future.done():
                future.set_result(reward)
