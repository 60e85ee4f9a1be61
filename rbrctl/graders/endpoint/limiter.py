"""How many calls are in flight: grown slowly, halved where the server pushes back."""

import asyncio
from collections import deque

START = 32
MAX_PAUSE = 300.0


class AdaptiveLimiter:
    """
    A gate that lets through as many calls as the server bears, up to ``maximum``.

    Grows as TCP does: by one a success at first (doubling each round), and by one a round after
    the first push-back, which halves it. Push-backs of calls that were sent before the last
    halving do not halve again: they tell of the same moment.
    """

    def __init__(self, maximum: int, start: int = START) -> None:
        """Begin at ``start`` or ``maximum``, whichever is lower."""
        self.maximum = maximum
        self._limit = float(min(maximum, start))
        self._active = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._backed_off_at: float | None = None
        self._paused_until = 0.0

    @property
    def limit(self) -> int:
        """How many calls may be in flight now."""
        return int(self._limit)

    @property
    def active(self) -> int:
        """How many calls are in flight now."""
        return self._active

    async def acquire(self, *, urgent: bool = False) -> None:
        """Wait for a place; first come, first served, and ``urgent`` ones before all others."""
        loop = asyncio.get_running_loop()
        if not self._waiters and self._active < self.limit and loop.time() >= self._paused_until:
            self._active += 1
            return
        waiter: asyncio.Future[None] = loop.create_future()
        if urgent:
            self._waiters.appendleft(waiter)
        else:
            self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a place back."""
        self._active -= 1
        self._wake()

    def succeeded(self) -> None:
        """Tell of a call that was answered: there may be room for more."""
        if self._limit < self.maximum:
            step = 1.0 if self._backed_off_at is None else 1.0 / self._limit
            self._limit = min(self._limit + step, float(self.maximum))

    def pushed_back(self, sent_at: float, pause: float = 0.0) -> None:
        """
        Tell of a call, sent at that time of the loop's clock, that the server had no room for.

        ``pause`` seconds pass before any further call is sent.
        """
        now = asyncio.get_running_loop().time()
        if self._backed_off_at is None or sent_at >= self._backed_off_at:
            self._limit = max(1.0, self._limit / 2)
            self._backed_off_at = now
        self.pause(pause)

    def pause(self, seconds: float) -> None:
        """Send nothing for that many seconds (at most 300), if not paused for longer already."""
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + min(seconds, MAX_PAUSE)
        if until > self._paused_until:
            self._paused_until = until
            loop.call_at(until, self._wake)

    def _wake(self) -> None:
        if not self._waiters or asyncio.get_running_loop().time() < self._paused_until:
            return
        while self._waiters and self._active < self.limit:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._active += 1
                waiter.set_result(None)
