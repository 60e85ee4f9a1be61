"""A progress bar on stderr for work that takes longer than a second."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rbrctl.cli.output import Output
from rbrctl.reports.terminal import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE = 1.0
"""Seconds before a bar appears."""


class Progress:
    """
    Counts finished items and shows them with the rate and the remaining time, after one second.

    Nothing is shown, and rich is not loaded, if stderr is not a terminal, with ``--quiet``, and in
    CI. Use it as a context manager; ``advance`` may be called from any thread.
    """

    def __init__(self, output: Output, title: str, total: int | None = None) -> None:
        """Count towards ``total`` items, or without an end when it is None."""
        self._title = printable(title)
        self._total = total
        self._output = output
        self._shown = output.shows_progress
        self._started = time.monotonic()
        self._done = 0
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start counting."""
        self._started = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()

    def advance(self, count: int = 1) -> None:
        """Count ``count`` more items as done."""
        self._done += count
        if not self._shown:
            return
        if self._bar is None and time.monotonic() - self._started >= PATIENCE:
            self._bar = self._draw()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, rate=self._rate())

    def _rate(self) -> str:
        return f"{self._done / max(time.monotonic() - self._started, 1e-9):.1f}/s"

    def _draw(self) -> "Bar":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", style="progress.data.speed", markup=False),
            TimeRemainingColumn(),
            console=Console(
                stderr=True, no_color=not self._output.message_palette.enabled, width=80
            ),
            transient=True,
        )
        self._task = bar.add_task(self._title, total=self._total, rate=self._rate())
        bar.start()
        return bar
