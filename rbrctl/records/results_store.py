"""Places where results are stored: a file that can be resumed, a pipe, or nowhere."""

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from rbrctl.errors import cannot
from rbrctl.records.files import is_plain_target, open_special, write_all
from rbrctl.records.json_lines import encode_line
from rbrctl.records.models import GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import ProblemHandler
from rbrctl.records.results import result_to_json
from rbrctl.records.results_file import ResultsFile
from rbrctl.records.resume import Dropped, IsCurrent


class ResultsStore(Protocol):
    """A place where the results of a run are stored. It is a context manager."""

    @property
    def kept_count(self) -> int:
        """Number of results of an earlier run that are kept."""
        ...

    @property
    def count(self) -> int:
        """Number of results stored now, both kept and appended."""
        ...

    @property
    def dropped(self) -> Dropped:
        """Counts of the results of an earlier run that were not kept, by reason."""
        ...

    def kept(self, identifier: str, content_digest: str) -> Result | None:
        """Return the stored result of a transcript; None if it has to be graded."""
        ...

    def append(self, result: Result) -> None:
        """Write a result, in place of any of the same id. Raises FileError."""
        ...

    def results(self) -> Iterator[Result]:
        """Yield all results that are kept or were appended, from the file."""
        ...

    def close(self) -> None:
        """End the writing. Raises FileError."""
        ...

    def __enter__(self) -> Self:
        """Return the store itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        ...


def open_results(
    path: str | os.PathLike[str],
    ruleset: RuleSetIdentity,
    grader: GraderIdentity,
    is_current: IsCurrent,
    on_problem: ProblemHandler,
    overwrite: bool = False,
) -> ResultsStore:
    """
    Open a results file to go on with, or a pipe or device just to write to.

    Of the lines that are there those are kept that are whole, have no failed answer, are of the
    same grader digest, and of which ``is_current`` is true; the others are dropped in one atomic
    rewrite before anything is appended. With ``overwrite`` nothing is kept.

    Raises UsageError where the file is of another rule set (name or digest) or another grader
    (kind, model or mode) or no results file; FileError where it cannot be read or written, or
    another process is writing to it.
    """
    name = os.fspath(path)
    if not is_plain_target(name):
        return ResultsPipe(name)
    return ResultsFile.open(name, ruleset, grader, is_current, on_problem, overwrite)


class ResultsPipe:
    """Results written to a pipe or device, which keeps nothing that could be gone on with."""

    def __init__(self, name: str) -> None:
        """Open it. Raises FileError."""
        self._name = name
        self.kept_count = 0
        self.count = 0
        self.dropped = Dropped()
        self._number = open_special(name)

    def kept(self, identifier: str, content_digest: str) -> Result | None:
        """Return None: nothing is kept."""
        return None

    def append(self, result: Result) -> None:
        """Write a result. Raises FileError."""
        try:
            write_all(self._number, encode_line(result_to_json(result)))
        except OSError as error:
            raise cannot("write", self._name, error) from error

    def results(self) -> Iterator[Result]:
        """Yield nothing: what was written is gone."""
        return iter(())

    def close(self) -> None:
        """Close it."""
        number, self._number = self._number, -1
        if number >= 0:
            os.close(number)

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()


class NullResultsStore:
    """Keeps no results, for runs that only want the tables."""

    kept_count = 0
    count = 0
    dropped = Dropped()

    def kept(self, identifier: str, content_digest: str) -> Result | None:
        """Return None: nothing is kept."""
        return None

    def append(self, result: Result) -> None:
        """Forget the result."""

    def results(self) -> Iterator[Result]:
        """Yield nothing."""
        return iter(())

    def close(self) -> None:
        """Close the store."""

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
