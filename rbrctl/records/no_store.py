"""A place for results that keeps none: for runs that only want the tables."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rbrctl.records.models import Result
from rbrctl.records.resume import Dropped


class NoStore:
    """Forgets every result."""

    kept_count = 0
    count = 0
    dropped = Dropped()

    def kept(self, identifier: str, content_digest: str) -> Result | None:
        """Give None: nothing is kept."""
        return None

    def append(self, result: Result) -> None:
        """Forget the result."""

    def results(self) -> Iterator[Result]:
        """Yield nothing."""
        return iter(())

    def close(self) -> None:
        """End."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
