"""A grader that is opened again after it has stopped, since a server runs for weeks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from rbrctl.errors import BudgetSpentError, GraderError, RbrctlError
from rbrctl.graders.interface import Grader, GraderNote
from rbrctl.records.models import Answer, GraderIdentity, Transcript

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the grader is opened again; they double each time, up to the longest."""
QUIET_SECONDS = 60.0
"""Seconds between two messages about failed answers."""


class ReconnectingGrader:
    """
    Passes questions on to a grader, and opens it again after it has said that it cannot go on.

    Until then every question fails at once with the reason. A budget that is spent is final. It is
    a Grader itself, and lives in one event loop.
    """

    def __init__(
        self,
        grader: Grader,
        open_grader: Callable[[], Awaitable[Grader]],
        say: Callable[[str], None],
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        """Take an open grader, how to open it again, and how to tell the user (``say``)."""
        self._grader = grader
        self._open_grader = open_grader
        self._say = say
        self._first_pause = first_pause
        self._reason: str | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._failed = 0
        self._said_at = -QUIET_SECONDS

    @property
    def stopped(self) -> bool:
        """True while no question is answered."""
        return self._reason is not None

    @property
    def identity(self) -> GraderIdentity:
        """See Grader."""
        return self._grader.identity

    @property
    def question_digests(self) -> Mapping[str, str]:
        """See Grader."""
        return self._grader.question_digests

    @property
    def asks_together(self) -> bool:
        """See Grader."""
        return self._grader.asks_together

    @property
    def concurrency(self) -> int:
        """See Grader."""
        return self._grader.concurrency

    @property
    def notes(self) -> Sequence[GraderNote]:
        """See Grader."""
        return self._grader.notes

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """Answer, or raise GraderError while it has stopped; see Grader."""
        if self._reason is not None:
            raise GraderError(self._reason)
        grader = self._grader
        try:
            answers = await grader.answer(transcript, propositions)
        except GraderError as error:
            if grader is self._grader and self._reason is None:
                self._stop(error)
            raise
        except Exception as error:
            if grader is self._grader and self._reason is None:
                raise
            # It was closed under way, since another question had shown that it cannot go on.
            raise GraderError(self._reason or str(error)) from error
        self._say_failures(answers)
        return answers

    async def close(self) -> None:
        """Close the grader, and stop trying to open it again."""
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
        await self._grader.close()

    def _stop(self, error: GraderError) -> None:
        self._reason = str(error)
        if isinstance(error, BudgetSpentError):
            self._say(f"the grader has stopped for good: {error}")
            return
        self._say(f"the grader has stopped, and is opened again: {error}")
        self._reopening = asyncio.create_task(self._reopen())

    async def _reopen(self) -> None:
        await self._grader.close()
        pause = self._first_pause
        while True:
            await asyncio.sleep(pause)
            try:
                self._grader = await self._open_grader()
            except RbrctlError as error:
                pause = min(2 * pause, LONGEST_PAUSE)
                self._say(f"the grader could not be opened, again in {pause:g} s: {error}")
            else:
                self._reason = None
                self._say("the grader answers again")
                return

    def _say_failures(self, answers: Mapping[str, Answer]) -> None:
        errors = [answer.error for answer in answers.values() if answer.error is not None]
        if not errors:
            return
        self._failed += len(errors)
        now = time.monotonic()
        if now - self._said_at < QUIET_SECONDS:
            return
        self._say(f"{self._failed:,} answers failed; the last: {errors[-1]}")
        self._failed, self._said_at = 0, now
