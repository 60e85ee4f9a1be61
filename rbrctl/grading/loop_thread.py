"""An event loop in a thread of its own, so that callers with or without a loop can use it."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from rbrctl.errors import UsageError

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads; it ends with ``close`` or with the process."""

    def __init__(self, name: str, owner: str) -> None:
        """
        Start the thread.

        ``owner`` is what errors call whoever uses it, for example ``reward``.
        """
        self._owner = owner
        self._process = os.getpid()
        # Not the loop of the program's policy: some programs (Ray) set uvloop for every thread.
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """True while the thread runs: it was not closed, and the process did not fork."""
        return not self._loop.is_closed() and self._process == os.getpid()

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """
        Start a coroutine in the thread and return the future of its outcome.

        Raises UsageError after ``close``, and in a forked process: a fork does not copy threads, so
        the future would never be done.
        """
        if not self.alive:
            work.close()
            raise UsageError(
                f"this {self._owner} is closed"
                if self._process == os.getpid()
                else f"this {self._owner} was made before the process forked: make one in each"
                " process"
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread and wait for it. Raises what that and ``submit`` raise."""
        return self.submit(work).result()

    def close(self) -> None:
        """Stop the loop and wait for the thread."""
        if self.alive:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
