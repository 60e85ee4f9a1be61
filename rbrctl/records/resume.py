"""What of a results file that is already there can be kept: one pass over it, few bytes a line."""

import os
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rbrctl.errors import RecordError, UsageError
from rbrctl.records.compact_index import CompactIndex
from rbrctl.records.files import BUFFER_BYTES
from rbrctl.records.json_lines import BYTE_ORDER_MARK, parse_object
from rbrctl.records.models import GraderIdentity, Result, RuleSetIdentity
from rbrctl.records.problems import LineProblem, ProblemHandler
from rbrctl.records.results import parse_result

IsCurrent = Callable[[Result], bool]
"""A test of an earlier result: are its answers those that would be given today?"""

_LINE_START = b'{"id":'


@dataclass(frozen=True, slots=True)
class Dropped:
    """Numbers of lines of an earlier run that could not be kept, by reason."""

    torn: int = 0
    """Not a whole result: an interrupted run leaves at most one, at the end."""
    failed: int = 0
    """With an answer that is an error."""
    stale: int = 0
    """Lines of another grader or other questions, or replaced by a newer line of the same id."""

    @property
    def total(self) -> int:
        """Count them all."""
        return self.torn + self.failed + self.stale


@dataclass(slots=True)
class Survey:
    """The positions of the lines of a results file that are kept."""

    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    """The first byte of each line; each id has its place from its first line on."""
    ends: "array[int]" = field(default_factory=lambda: array("Q"))
    """The byte after each line; the line's start where it is dropped after all."""
    lines: CompactIndex = field(default_factory=CompactIndex)
    """The place in ``starts`` and ``ends`` of each id's line."""
    torn: int = 0
    failed: int = 0
    stale: int = 0
    tidy: bool = True
    """False where the file must be written anew even if no line is dropped."""

    @property
    def dropped(self) -> Dropped:
        """Sum up what is not kept."""
        return Dropped(self.torn, self.failed, self.stale)

    @property
    def kept(self) -> int:
        """Count the lines that are kept."""
        return sum(1 for start, end in zip(self.starts, self.ends, strict=True) if end > start)

    def keep(self, identifier: str, start: int, end: int) -> None:
        """Take in a line; it has the place of an earlier one of the same id."""
        if (before := self.lines.get(identifier)) is not None:
            self.drop(before)
            self.starts[before], self.ends[before] = start, end
            return
        self.lines.set(identifier, len(self.starts))
        self.starts.append(start)
        self.ends.append(end)

    def drop(self, place: int) -> None:
        """Drop a line that was kept."""
        if self.ends[place] > self.starts[place]:
            self.stale += 1
            self.ends[place] = self.starts[place]

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """Yield place, start and end of each line that is kept, in the order of the places."""
        for place, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            if end > start:
                yield place, start, end


def survey(
    number: int,
    name: str,
    ruleset: RuleSetIdentity,
    grader: GraderIdentity,
    is_current: IsCurrent,
    on_problem: ProblemHandler,
) -> Survey:
    """
    Look through an open results file, given by its descriptor, for lines to keep.

    A broken line before the last is told to ``on_problem``. Raises UsageError where the file is of
    another rule set or grader, or not a results file at all.
    """
    found = Survey()
    strangers = 0
    first_problem: LineProblem | None = None
    for line_number, start, line in _lines(number):
        text = line.strip(b" \t\r\n")
        if not text:
            found.tidy = False
            continue
        try:
            result = parse_result(parse_object(text))
        except RecordError as error:
            problem = LineProblem(name, line_number, str(error))
            first_problem = first_problem or problem
            found.torn += 1
            if line.endswith(b"\n"):
                on_problem(problem)
            if line.endswith(b"\n") or not _could_be_torn(text):
                strangers += 1
            continue
        _check_identity(name, result, ruleset, grader)
        if any(answer.error is not None for answer in result.answers.values()):
            found.failed += 1
        elif result.grader.digest != grader.digest or not is_current(result):
            found.stale += 1
        else:
            found.keep(result.id, start, start + len(line))
            found.tidy = found.tidy and line.endswith(b"\n")
    if strangers and first_problem and not (found.starts or found.failed or found.stale):
        raise UsageError(
            f"{name} is not a results file (line {first_problem.line}: {first_problem.message}); "
            "give another file, or --overwrite to replace it"
        )
    return found


def _lines(number: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, first byte and bytes of each line, a byte order mark left out."""
    with open(os.dup(number), "rb", buffering=BUFFER_BYTES) as stream:
        stream.seek(0)
        start = 0
        for line_number, line in enumerate(stream, start=1):
            skipped = len(BYTE_ORDER_MARK) if line_number == 1 and _is_marked(line) else 0
            yield line_number, start + skipped, line[skipped:]
            start += len(line)


def _is_marked(line: bytes) -> bool:
    return line.startswith(BYTE_ORDER_MARK)


def _could_be_torn(text: bytes) -> bool:
    """Return whether a last line without its newline could be the start of a result."""
    return text.startswith(_LINE_START) or _LINE_START.startswith(text)


def _check_identity(
    name: str, result: Result, ruleset: RuleSetIdentity, grader: GraderIdentity
) -> None:
    advice = "give another file, or --overwrite to start this one afresh"
    theirs = result.ruleset
    if theirs.name != ruleset.name or not ruleset.has_digest(theirs.digest):
        raise UsageError(
            f"{name} holds results of the rule set {_ruleset_label(theirs)}, "
            f"and this run uses {_ruleset_label(ruleset)}: {advice}"
        )
    if _grader_label(result.grader) != _grader_label(grader):
        raise UsageError(
            f"{name} holds results of the grader {_grader_label(result.grader)}, "
            f"and this run uses {_grader_label(grader)}: {advice}"
        )


def _ruleset_label(identity: RuleSetIdentity) -> str:
    return f"{identity.name} {identity.version} (digest {identity.digest[:12]})"


def _grader_label(identity: GraderIdentity) -> str:
    parts = (identity.kind, identity.model, identity.mode)
    return " ".join(part for part in parts if part)
