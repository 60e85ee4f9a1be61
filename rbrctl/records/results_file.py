"""A results file that a run can go on with after it was stopped at any moment."""

import fcntl
import os
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rbrctl.errors import FileError, RecordError, cannot
from rbrctl.records.files import lock, open_locked, replacing, write_all
from rbrctl.records.json_lines import encode_line, parse_object
from rbrctl.records.models import GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import ProblemHandler
from rbrctl.records.results import parse_result, result_to_json
from rbrctl.records.resume import IsCurrent, Survey, survey


class ResultsFile:
    """
    A results file that is open to one run, with an index of its lines in a few bytes each.

    Each result is one write of one whole line at the end, so a process that is killed leaves at
    most one torn line, which the next run drops.
    """

    def __init__(self, name: str, number: int, found: Survey) -> None:
        """Take over a locked descriptor and what was found there; rewrites where that is needed."""
        self._name = name
        self._number = number
        self._survey = found
        self._end = os.fstat(number).st_size
        self.dropped = found.dropped
        self.kept_count = found.kept
        self._closed = False
        if self.dropped.total or not found.tidy:
            self._rewrite()

    @classmethod
    def open(
        cls,
        name: str,
        ruleset: RuleSetIdentity,
        grader: GraderIdentity,
        is_current: IsCurrent,
        on_problem: ProblemHandler,
        overwrite: bool = False,
    ) -> Self:
        """Open a regular file, new or old, as ``open_results`` says. Raises what that does."""
        number = open_locked(name)
        try:
            if overwrite:
                os.ftruncate(number, 0)
            found = survey(number, name, ruleset, grader, is_current, on_problem)
            return cls(name, number, found)
        except OSError as error:
            os.close(number)
            raise cannot("write", name, error) from error
        except BaseException:
            os.close(number)
            raise

    @property
    def count(self) -> int:
        """Number of results stored now, both kept and appended."""
        return self._survey.kept

    def kept(self, identifier: str, content_digest: str) -> Result | None:
        """
        Read the result that the file has for a transcript.

        None where there is none, or it was for other content: such a line is dropped.
        """
        place = self._survey.lines.get(identifier)
        result = None if place is None else self._at(place)
        if place is None or result is None or result.id != identifier:
            return None
        if result.content_digest != content_digest:
            self._survey.drop(place)
            return None
        return result

    def append(self, result: Result) -> None:
        """Write a result at the end; at closing it takes the place of one of the same id."""
        line = encode_line(result_to_json(result))
        try:
            write_all(self._number, line)
        except BaseException as error:
            self._cut()
            if isinstance(error, OSError):
                raise cannot("write", self._name, error) from error
            raise
        self._survey.keep(result.id, self._end, self._end + len(line))
        self._end += len(line)

    def results(self) -> Iterator[Result]:
        """Yield each result that is kept or was appended, read from the file one at a time."""
        for place, _, _ in self._survey.spans():
            if (result := self._at(place)) is not None:
                yield result

    def close(self) -> None:
        """Bring the file to disk, without the lines that newer ones have replaced."""
        if self._closed:
            return
        self._closed = True
        try:
            if sum(end - start for _, start, end in self._survey.spans()) != self._end:
                self._rewrite()
            else:
                os.fsync(self._number)
        except OSError as error:
            raise cannot("write", self._name, error) from error
        finally:
            os.close(self._number)

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, also after an error, so that all that was written stays."""
        self.close()

    def _at(self, place: int) -> Result | None:
        """Read the line at one place of the survey; None where it has been dropped."""
        start, end = self._survey.starts[place], self._survey.ends[place]
        if end == start:
            return None
        try:
            return parse_result(parse_object(os.pread(self._number, end - start, start).rstrip()))
        except OSError as error:
            raise cannot("read", self._name, error) from error
        except RecordError as error:
            raise FileError(f"{self._name} was changed by another program meanwhile") from error

    def _cut(self) -> None:
        """Take back a half-written line, as far as the disk lets us."""
        try:
            os.ftruncate(self._number, self._end)
        except OSError:
            return

    def _rewrite(self) -> None:
        """Write the kept lines anew, in place of the file, and go on with the new one."""
        old = self._number
        with replacing(self._name) as stream:
            position = 0
            for place, start, end in self._survey.spans():
                line = os.pread(old, end - start, start).rstrip(b"\r\n") + b"\n"
                stream.write(line)
                self._survey.starts[place] = position
                position += len(line)
                self._survey.ends[place] = position
            new = os.dup(stream.fileno())
            lock(new, self._name)
        fcntl.fcntl(new, fcntl.F_SETFL, fcntl.fcntl(new, fcntl.F_GETFL) | os.O_APPEND)
        self._number, self._end = new, position
        os.close(old)
