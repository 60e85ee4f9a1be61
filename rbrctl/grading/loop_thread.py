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

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._process = os.getpid()
        # Ours whatever policy the program has set: some (Ray) put uvloop there for every thread.
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Tell whether the thread is there: not closed, and not lost in a forked process."""
        return not self._loop.is_closed() and self._process == os.getpid()

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """
        Start a coroutine there and give the future of its outcome.

        Raises UsageError where there is no thread: after ``close``, and in a forked process, into
        which threads do not go along and where one would wait for ever.
        """
        if not self.alive:
            work.close()
            raise UsageError(
                "this reward is closed"
                if self._process == os.getpid()
                else "this reward was made before the process forked: make one in each process"
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for it; raises what it raises, and as ``submit``."""
        return self.submit(work).result()

    def close(self) -> None:
        """Stop the loop and wait for the thread."""
        if self.alive:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
