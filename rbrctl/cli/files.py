"""The data files that commands read and write."""

import sys
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.output import Output
from rbrctl.errors import FileError, UsageError
from rbrctl.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from rbrctl.records.files import DataSource
    from rbrctl.records.models import Transcript
    from rbrctl.records.problems import ProblemHandler, ProblemLog
import os
from collections.abc import Mapping, Sequence

from rbrctl.records.files import is_plain_target

STANDARD_INPUT = "-"
SHIPPED = "builtin:fixtures"
SHIPPED_FILE = "transcripts.jsonl"
SHOWN_PROBLEMS = 10


def data_source(path: str) -> "DataSource":
    """
    Give what readers of data files take: the path, or standard input for ``-``.

    Raises UsageError for the transcripts that ship, which are no results.
    """
    if path == SHIPPED:
        raise UsageError(
            f"{path} is transcripts, not results; make results of them with: "
            f"rbrctl grade {path} -o results.jsonl"
        )
    return standard_input() if path == STANDARD_INPUT else path


def standard_input() -> "BinaryIO":
    """Return standard input as bytes. Raises FileError where the caller has closed it."""
    # Python has no stream for a descriptor that was closed before it started.
    if sys.stdin is None:
        raise FileError("cannot read standard input: it is closed")
    return sys.stdin.buffer


def read_source(path: str, on_problem: "ProblemHandler") -> "Iterator[Transcript]":
    """Read transcripts from a path, from standard input for ``-``, or those that ship."""
    from rbrctl.records.transcripts import read_transcripts
    from rbrctl.ruleset.sources import BUILTIN_DATA, builtin_path

    if path == SHIPPED:
        return read_transcripts(builtin_path(path, BUILTIN_DATA) / SHIPPED_FILE, on_problem, path)
    return read_transcripts(data_source(path), on_problem)


def warn_first(output: Output, messages: "Sequence[str]", what: str, shown: int = 5) -> None:
    """Warn of the first few of some messages, and of how many further ones there are."""
    for message in messages[:shown]:
        output.warn(message)
    if len(messages) > shown:
        output.warn(f"{len(messages) - shown:,} further {what}")


def report_problems(output: Output, problems: "ProblemLog", what: str) -> ExitCode:
    """Say which lines could not be used; the code is INCOMPLETE where there are any."""
    for problem in problems.items[:SHOWN_PROBLEMS]:
        output.warn(str(problem))
    if problems.count > SHOWN_PROBLEMS:
        output.warn(f"... and {problems.count - SHOWN_PROBLEMS:,} more")
    if problems.count:
        lines = counted(problems.count, "line was", "lines were")
        output.warn(f"{lines} left out of the {what}")
    return ExitCode.INCOMPLETE if problems.count else ExitCode.YES


def check_output_paths(
    products: Mapping[str, str | None], inputs: Mapping[str, str | Sequence[str] | None]
) -> None:
    """
    Make sure, before any work, that each product can be written and overwrites nothing needed.

    Keys say in messages what a path is (an option, or words); None is no file. Raises FileError for
    a path that cannot be written, and UsageError for one that is also read or written twice, by
    whatever name.
    """
    needed = [(what, path) for what, paths in inputs.items() for path in _files(paths)]
    for what, product in products.items():
        # Nothing is lost in a pipe or device.
        if product is None or not is_plain_target(product):
            continue
        for other, path in needed:
            if _same(product, path):
                raise UsageError(f"{what} {product} would overwrite {other}: give another file")
        needed.append((what, product))


def _files(paths: str | Sequence[str] | None) -> list[str]:
    named = [paths] if isinstance(paths, str) else paths or ()
    return [path for path in named if path != STANDARD_INPUT]


def _same(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        return os.path.realpath(first) == os.path.realpath(second)
