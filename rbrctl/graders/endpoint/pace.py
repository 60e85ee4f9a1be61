"""Rates a minute that the user sets: requests and tokens."""

import asyncio

BURST_SECONDS = 1.0


class Pace:
    """
    Spreads amounts evenly over time, at most one second's worth at once.

    The generic cell rate algorithm: one number, the time at which the next amount is due.
    """

    def __init__(self, per_minute: float) -> None:
        """Allow that much a minute; it must be positive."""
        self._seconds_each = 60.0 / per_minute
        self._due = 0.0

    async def take(self, amount: float = 1.0) -> None:
        """Wait until that much may go."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - BURST_SECONDS)
        wait = self._due - now
        self._due += amount * self._seconds_each
        if wait > 0:
            await asyncio.sleep(wait)

    def correct(self, difference: float) -> None:
        """Add what was taken too little (or, negative, too much) once the true amount is known."""
        self._due += difference * self._seconds_each
