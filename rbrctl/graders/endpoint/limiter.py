"""
How hard an endpoint is asked: how many calls are in flight, and how much is sent in a minute.

``AdaptiveLimiter`` finds out by itself how many calls a server bears at once. ``RateLimiter`` keeps
to a number of requests or tokens per minute that the user set.
"""

import asyncio
from collections import deque

START = 32
MAX_PAUSE = 300.0
BURST_SECONDS = 1.0
"""A rate limiter that was idle may send this many seconds' worth at once."""


class AdaptiveLimiter:
    """
    Lets through as many calls at once as the server can take, up to ``maximum``.

    The limit grows as TCP's window does: at first by one for each success, which doubles it each
    round; after the first push-back, which halves it, by one for each round. Push-backs of calls
    that were sent before the last halving do not halve it again, since they report the same moment.
    """

    def __init__(self, maximum: int, start: int = START) -> None:
        """Start with a limit of ``start`` or ``maximum``, whichever is lower."""
        self.maximum = maximum
        self._limit = float(min(maximum, start))
        self._active = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._backed_off_at: float | None = None
        self._paused_until = 0.0

    @property
    def limit(self) -> int:
        """The number of calls that may be in flight now."""
        return int(self._limit)

    @property
    def active(self) -> int:
        """The number of calls that are in flight now."""
        return self._active

    async def acquire(self, *, urgent: bool = False) -> None:
        """Wait for a place: first come, first served, but ``urgent`` calls before all others."""
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
            # The place may have been granted just before the cancellation: it must not be lost.
            if waiter.done() and not waiter.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Free a place."""
        self._active -= 1
        self._wake()

    def succeeded(self) -> None:
        """Record an answered call: there may be room for more."""
        if self._limit < self.maximum:
            # 1/limit for each of about ``limit`` calls in flight is one for each round.
            step = 1.0 if self._backed_off_at is None else 1.0 / self._limit
            self._limit = min(self._limit + step, float(self.maximum))

    def pushed_back(self, sent_at: float, pause: float = 0.0) -> None:
        """
        Record a call that the server had no room for; ``sent_at`` is in the loop's time.

        No further call is sent for ``pause`` seconds.
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
            # A cancelled waiter is skipped; it never held a place.
            if not waiter.done():
                self._active += 1
                waiter.set_result(None)


class RateLimiter:
    """
    Spreads amounts evenly over time; at most one second's worth goes at once.

    This is the generic cell rate algorithm (ITU-T I.371): its whole state is one number, the time
    at which the next amount is due, so that no timer runs and nothing has to be refilled.
    """

    def __init__(self, per_minute: float) -> None:
        """Allow ``per_minute`` (requests or tokens, more than 0) in each minute."""
        self._seconds_each = 60.0 / per_minute
        self._due = 0.0

    async def take(self, amount: float = 1.0) -> None:
        """Wait until ``amount`` may be sent."""
        now = asyncio.get_running_loop().time()
        # An idle limiter must not save up more than the burst.
        self._due = max(self._due, now - BURST_SECONDS)
        wait = self._due - now
        # Reserve before waiting: whoever comes meanwhile queues up behind.
        self._due += amount * self._seconds_each
        if wait > 0:
            await asyncio.sleep(wait)

    def correct(self, difference: float) -> None:
        """Add what was taken too little (negative: too much) once the true amount is known."""
        self._due += difference * self._seconds_each
