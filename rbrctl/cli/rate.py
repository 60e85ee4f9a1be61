"""The column of a progress bar that says how many items are done in a second."""

import time

from rich.progress import ProgressColumn, Task
from rich.text import Text


class RateColumn(ProgressColumn):
    """Items a second since the start."""

    def __init__(self, started: float) -> None:
        """Count from ``started``, a reading of the monotonic clock."""
        super().__init__()
        self._started = started

    def render(self, task: Task) -> Text:
        """Draw the rate."""
        seconds = max(time.monotonic() - self._started, 1e-9)
        return Text(f"{task.completed / seconds:.1f}/s", style="progress.data.speed")
