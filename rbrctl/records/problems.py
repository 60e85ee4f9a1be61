"""What is wrong with a line of a data file, and who is told."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from rbrctl.errors import RecordError
from rbrctl.wording import counted

QUOTED_LENGTH = 60

_PLAIN = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One line of a data file that cannot be used."""

    file: str
    line: int
    """Counted from 1."""
    message: str

    def __str__(self) -> str:
        """Write it as ``file:line: message``."""
        return f"{self.file}:{self.line}: {self.message}"


ProblemHandler = Callable[[LineProblem], None]
"""Is told of each bad line; may raise to stop the reading."""


def raise_problem(problem: LineProblem) -> None:
    """Stop at the first bad line: the handler for strict reading. Raises RecordError."""
    raise RecordError(str(problem))


class ProblemLog:
    """
    Counts bad lines and keeps the first of them, so that memory stays flat.

    An instance is a ProblemHandler.
    """

    def __init__(self, limit: int = 100) -> None:
        """Keep at most ``limit`` problems; all are counted."""
        self.limit = limit
        self.count = 0
        self.items: list[LineProblem] = []

    def __call__(self, problem: LineProblem) -> None:
        """Take one problem."""
        self.count += 1
        if len(self.items) < self.limit:
            self.items.append(problem)

    @property
    def summary(self) -> str:
        """The number of unusable lines and the first reason, in parentheses; or nothing."""
        if not self.count:
            return ""
        lines = counted(self.count, "line")
        return f" ({lines} could not be used; the first is {self.items[0]})"


def quoted(value: object) -> str:
    """Write a value of a data file into a message: as JSON, on one line and never long."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    if not text.isprintable():
        text = json.dumps(value, default=repr)
    return text if len(text) <= QUOTED_LENGTH else text[: QUOTED_LENGTH - 3] + "..."


def shown(name: str) -> str:
    """Write a key of a data file into a message: as it is where it is plain, else quoted."""
    return name if len(name) <= QUOTED_LENGTH and _PLAIN.fullmatch(name) else quoted(name)


def kind_of(value: object) -> str:
    """Name a JSON value's type as JSON does, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "an array"
        case _:
            return "an object"
