"""The exception tree: every error that this package raises on purpose derives from RbrctlError."""

import os
from importlib.util import find_spec


class RbrctlError(Exception):
    """
    Something is wrong that the user can put right.

    The message says what is wrong, where (``file:line:column`` when there is a place), and what
    would be right. It never holds a key.
    """


class UsageError(RbrctlError):
    """An option, an argument or a configuration value cannot be used as it was given."""


class FileError(RbrctlError):
    """A file or folder cannot be read or written."""


def cannot(action: str, name: str | os.PathLike[str], error: OSError) -> FileError:
    """Make the one readable error for a failed ``action`` (``read``, ``write``) on a file."""
    if isinstance(error, BrokenPipeError):
        return FileError(f"cannot {action} {os.fspath(name)}: its reader has gone")
    reason = error.strerror or str(error) or "the system gives no reason"
    return FileError(f"cannot {action} {os.fspath(name)}: {reason[:1].lower()}{reason[1:]}")


class MissingExtraError(RbrctlError):
    """A command needs an optional package; the message names the extra that installs it."""


class NothingMatchedError(RbrctlError):
    """There was nothing to work on: no rules, no transcripts, no tests, no row in common."""


class RuleSetError(RbrctlError):
    """A rule set cannot be used: its files are broken or contradict the format."""


class ExpressionError(RbrctlError):
    """
    A boolean expression cannot be parsed.

    ``offset`` and ``length`` give the offending part in characters of the expression's own text.
    """

    def __init__(self, message: str, offset: int, length: int = 1) -> None:
        """Keep the message and the span that it is about."""
        super().__init__(message)
        self.offset = offset
        self.length = length


class UndecidedError(RbrctlError):
    """A proof needed more diagram nodes than its budget allows: the question stays open."""


class RecordError(RbrctlError):
    """A line of a data file is not a usable transcript or result."""


class GraderError(RbrctlError):
    """A grader cannot be used or cannot go on; failing at one answer is not this, but an Answer."""


class BudgetSpentError(GraderError):
    """A limit on calls or cost is reached: what was answered so far stands, the rest waits."""


def require_extra(package: str, extra: str, purpose: str) -> None:
    """
    Raise MissingExtraError if a package of an extra is not installed.

    ``extra`` is the name of the extra that installs the package, and ``purpose`` what needs it; the
    message names both.
    """
    if find_spec(package) is None:
        raise MissingExtraError(
            f"{purpose} needs {package}, which is not installed: pip install 'rbrctl[{extra}]'"
        )
