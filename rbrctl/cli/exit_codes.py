"""The exit codes, the same for every command, and which one an exception gets."""

from enum import IntEnum

from rbrctl.errors import NothingMatchedError


class ExitCode(IntEnum):
    """What the process tells its caller; never renumbered by a flag."""

    YES = 0
    """All is as it should be."""
    NO = 1
    """The honest answer is no: a finding, a failed test, a gate missed, a regression."""
    USAGE = 2
    """Usage, configuration, or a file that cannot be read; also an unexpected exception."""
    NOTHING = 3
    """Nothing matched: no rules, no transcripts, no tests."""
    INCOMPLETE = 4
    """Bad lines, missing answers or missing response classes."""


INTERRUPTED = 130
"""What a shell expects of a process that Ctrl-C ended."""
TERMINATED = 143
"""What a shell expects of a process that SIGTERM ended."""

_WORST_FIRST = (ExitCode.USAGE, ExitCode.NOTHING, ExitCode.NO, ExitCode.INCOMPLETE)


def worst_exit_code(*codes: ExitCode) -> ExitCode:
    """Give the code that wins where several apply: 2 before 3 before 1 before 4 before 0."""
    for code in _WORST_FIRST:
        if code in codes:
            return code
    return ExitCode.YES


def exit_code_of(error: Exception) -> ExitCode:
    """Give the exit code of an exception that ended a command."""
    return ExitCode.NOTHING if isinstance(error, NothingMatchedError) else ExitCode.USAGE
