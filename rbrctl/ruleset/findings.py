"""Places in files, and the findings that checks report about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """The severity of a finding. Errors and warnings make a check fail, notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """
    A span of a text file.

    Lines and columns count from 1, columns in characters; the end is exclusive.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        """Write the start as ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding is about, and what stands there."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or remark, with its place in the files."""

    id: str
    severity: Severity
    message: str
    place: Place | None = None
    hint: str | None = None
    """What would be right, or how to get there."""
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that a comment in the file accepts, and the reason that the comment gives."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings of a run, with the texts of the files, of which reports show lines."""

    items: tuple[Finding, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    """The text of each file named in a place."""
    accepted: tuple[Accepted, ...] = ()
    """Findings that are not reported, because a comment in the file accepts them."""

    @property
    def failed(self) -> bool:
        """True when any finding is an error or a warning."""
        return any(item.severity is not Severity.NOTE for item in self.items)
