"""How the steps of work that take long are counted, for example by a progress bar."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Counter(Protocol):
    """Counts what is done, for example a progress bar."""

    def advance(self) -> None:
        """Count one more item."""
        ...


class _NoCounter:
    def advance(self) -> None:
        pass


StartCounting = Callable[[str, int], AbstractContextManager[Counter]]
"""Starts to count a step of the work, given its title and the number of its items."""


def count_nothing(title: str, total: int) -> AbstractContextManager[Counter]:
    """Return a counter that shows nothing."""
    return nullcontext(_NoCounter())
