"""A JSON Lines file that one run at a time appends to, and that a later run continues."""

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rbrctl.errors import FileError, RecordError, cannot
from rbrctl.records.files import is_plain_target, open_locked, read_whole, write_all
from rbrctl.records.json_lines import encode_line, parse_object

_LINE_START = b'{"id": '
_MAX_BYTES = 1 << 30
"""Such a file is held in memory; no run writes as much."""


class AppendedLines:
    """
    The rows of a file, each written whole and at once: a stop tears the last one at most.

    A torn last row is dropped when the file is opened to be written to.
    """

    def __init__(
        self, path: str, what: str, *, write: bool = True, overwrite: bool = False
    ) -> None:
        """
        Open a file of ``what`` (in words), and lock it where it will be written to.

        Without ``write`` nothing is made or changed. Raises FileError where the file cannot be
        used, holds something else, or another run has it.
        """
        self.path = path
        self._what = what
        self._number: int | None = None
        if not is_plain_target(path):
            raise FileError(f"cannot keep {what} in {path}: it is no regular file")
        if write:
            self._number = open_locked(path)
        try:
            if overwrite:
                content = b""
                self._cut(0)
            else:
                content = self._content()
            self.rows: list[tuple[int, Mapping[str, Any]]] = []
            """Line number and object of each row that was there."""
            self._take_up(content)
        except BaseException:
            self.close()
            raise

    def append(self, row: Mapping[str, Any]) -> None:
        """Append one row. Raise FileError."""
        if self._number is None:
            raise FileError(f"{self.path} was not opened to be written to")
        try:
            write_all(self._number, encode_line(row))
        except OSError as error:
            raise cannot("write", self.path, error) from error

    def broken(self, number: int, error: RecordError) -> FileError:
        """Return the error for a row that is not one of ``what``."""
        return FileError(
            f"{self.path}:{number}: {error}; this is no file of {self._what}: give another file, "
            "or --overwrite to start this one afresh"
        )

    def close(self) -> None:
        """Close the file, so that another run can open it."""
        number, self._number = self._number, None
        if number is not None:
            os.close(number)

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _content(self) -> bytes:
        return read_whole(self.path, _MAX_BYTES) if os.path.exists(self.path) else b""

    def _take_up(self, content: bytes) -> None:
        *lines, last = content.split(b"\n")
        for number, line in enumerate(lines, start=1):
            try:
                self.rows.append((number, parse_object(line)))
            except RecordError as error:
                raise self.broken(number, error) from error
        if not last:
            return
        start = len(content) - len(last)
        if not (last.startswith(_LINE_START) or _LINE_START.startswith(last)):
            raise self.broken(len(lines) + 1, RecordError("the line has no end"))
        self._cut(start)

    def _cut(self, length: int) -> None:
        if self._number is None:
            return
        try:
            os.ftruncate(self._number, length)
        except OSError as error:
            raise cannot("write", self.path, error) from error
