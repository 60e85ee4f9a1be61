"""The data files that commands read and write."""

import io
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.output import Output
from rbrctl.errors import FileError, NothingMatchedError, UsageError
from rbrctl.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from rbrctl.records.files import DataSource
    from rbrctl.records.models import Transcript
    from rbrctl.records.problems import ProblemHandler, ProblemLog

STANDARD_INPUT = "-"
SHIPPED = "builtin:fixtures"
SHIPPED_FILE = "transcripts.jsonl"
SHOWN_PROBLEMS = 10


def data_source(path: str) -> "DataSource":
    """
    Return the source for a reader of results: the path, or standard input for ``-``.

    Raises UsageError for the transcripts that ship with the package, because they are not results.
    """
    if path == SHIPPED:
        raise UsageError(
            f"{path} holds transcripts, not results; make results with "
            f"'rbrctl grade {path} -o results.jsonl'"
        )
    return standard_input() if path == STANDARD_INPUT else path


def standard_input() -> "BinaryIO":
    """Return standard input as bytes. Raises FileError where the caller has closed it."""
    # Python has no stream for a descriptor that was closed before it started.
    if sys.stdin is None:
        raise FileError("cannot read standard input: it is closed")
    return io.BufferedReader(InterruptibleInput(sys.stdin.buffer))


class InterruptibleInput(io.RawIOBase):
    """
    Standard input, whose reading an interruption ends at once.

    An event loop takes over the signal of Ctrl-C and acts on it only when the running code gives
    way. Code that waits for input does not, so the signal gets its usual meaning while it waits.
    """

    def __init__(self, stream: "BinaryIO") -> None:
        """Read from ``stream``."""
        self._stream = stream

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, and wait if there is nothing; return the number of bytes."""
        if threading.current_thread() is not threading.main_thread():
            return self._read(buffer)
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return self._read(buffer)
        finally:
            signal.signal(signal.SIGINT, handler)

    def _read(self, buffer: Any) -> int:
        read = getattr(self._stream, "read1", self._stream.read)
        data = read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def transcript_source(path: str) -> "DataSource":
    """Return the source for a path, for standard input (``-``) or for ``builtin:fixtures``."""
    from rbrctl.ruleset.sources import BUILTIN_DATA, BUILTIN_PREFIX, builtin_path

    if path.startswith(BUILTIN_PREFIX):
        return builtin_path(path, BUILTIN_DATA) / SHIPPED_FILE
    return standard_input() if path == STANDARD_INPUT else path


def read_source(path: str, on_problem: "ProblemHandler") -> "Iterator[Transcript]":
    """Read transcripts from a path, standard input (``-``) or ``builtin:fixtures``."""
    from rbrctl.records.transcripts import read_transcripts

    name = path if path == SHIPPED else None
    source = transcript_source(path) if path == SHIPPED else data_source(path)
    return read_transcripts(source, on_problem, name)


def warn_first(output: Output, messages: Sequence[str], what: str, shown: int = 5) -> None:
    """Print the first few of some messages as warnings, and the number of the others."""
    for message in messages[:shown]:
        output.warn(message)
    if len(messages) > shown:
        output.warn(f"{len(messages) - shown:,} further {what}")


def report_problems(output: Output, problems: "ProblemLog", what: str) -> ExitCode:
    """Warn of lines that could not be used; the exit code is INCOMPLETE if there are any."""
    for problem in problems.items[:SHOWN_PROBLEMS]:
        output.warn(str(problem))
    if problems.count > SHOWN_PROBLEMS:
        output.warn(f"... and {problems.count - SHOWN_PROBLEMS:,} more")
    if problems.count:
        lines = counted(problems.count, "line was", "lines were")
        output.warn(f"{lines} left out of the {what}")
    return ExitCode.INCOMPLETE if problems.count else ExitCode.YES


def require_some(count: int, problems: "ProblemLog", what: str, source: str) -> None:
    """Raise NothingMatchedError if nothing could be read or nothing was selected."""
    if not count:
        raise NothingMatchedError(f"{source}: no {what}{first_problem(problems)}")


def first_problem(problems: "ProblemLog") -> str:
    """Return how many lines could not be used and why the first one could not; else nothing."""
    if not problems.count:
        return ""
    lines = counted(problems.count, "line")
    return f" ({lines} could not be used; the first is {problems.items[0]})"


def check_output_paths(
    outputs: Mapping[str, str | None], inputs: Mapping[str, str | Sequence[str] | None]
) -> None:
    """
    Check, before any work, that each output file can be written and overwrites no other file.

    The keys describe each path in messages (an option, or words); None stands for no file. Raises
    FileError for a path that cannot be written, and UsageError for a file that is also read or is
    written twice, even under another name.
    """
    from rbrctl.records.files import is_plain_target

    needed = [(what, path) for what, paths in inputs.items() for path in _files(paths)]
    for what, output in outputs.items():
        # A pipe or a device has no content that could be lost.
        if output is None or not is_plain_target(output):
            continue
        for other, path in needed:
            if _same(output, path):
                raise UsageError(f"{what} {output} would overwrite {other}; name another file")
        needed.append((what, output))


def _files(paths: str | Sequence[str] | None) -> list[str]:
    named = [paths] if isinstance(paths, str) else paths or ()
    return [path for path in named if path != STANDARD_INPUT]


def _same(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        return os.path.realpath(first) == os.path.realpath(second)
