"""The exit codes, which are the same for every command."""

from enum import IntEnum

from rbrctl.errors import NothingMatchedError


class ExitCode(IntEnum):
    """What the process tells its caller. No option changes the numbers."""

    YES = 0
    """Success."""
    NO = 1
    """The answer is no: a finding, a failed test, a missed gate, a regression."""
    USAGE = 2
    """A wrong option, configuration or file; also an unexpected exception."""
    NOTHING = 3
    """Nothing matched: no rules, no transcripts, no tests."""
    INCOMPLETE = 4
    """Bad lines, missing answers or missing response classes."""


INTERRUPTED = 130
"""The exit code of a process that Ctrl-C ended."""
TERMINATED = 143
"""The exit code of a process that SIGTERM ended."""

_WORST_FIRST = (ExitCode.USAGE, ExitCode.NOTHING, ExitCode.NO, ExitCode.INCOMPLETE)


def worst_exit_code(*codes: ExitCode) -> ExitCode:
    """Return the worst of some exit codes: the first of 2, 3, 1, 4, 0 that is among them."""
    for code in _WORST_FIRST:
        if code in codes:
            return code
    return ExitCode.YES


def exit_code_of(error: Exception) -> ExitCode:
    """Return the exit code for an exception that ended a command."""
    return ExitCode.NOTHING if isinstance(error, NothingMatchedError) else ExitCode.USAGE
