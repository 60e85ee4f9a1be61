"""The data files that commands read, and what of them could not be used."""

import sys
from typing import TYPE_CHECKING

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.output import Output
from rbrctl.counting import counted

if TYPE_CHECKING:
    from rbrctl.records.files import Source
    from rbrctl.records.problems import ProblemLog

STANDARD_INPUT = "-"
SHOWN_PROBLEMS = 10


def data_source(path: str) -> "Source":
    """Give what readers of data files take: the path, or standard input for ``-``."""
    return sys.stdin.buffer if path == STANDARD_INPUT else path


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
