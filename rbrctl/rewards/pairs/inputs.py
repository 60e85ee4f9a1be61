"""Read what weights are fitted to: results, preferences, or transcripts still to be graded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.files import DataSource, source_name
from rbrctl.records.json_lines import read_json_lines
from rbrctl.records.models import Result, Transcript
from rbrctl.records.problems import LineProblem, ProblemHandler, quoted
from rbrctl.records.results import parse_result
from rbrctl.records.transcripts import parse_transcript
from rbrctl.rewards.pairs.candidates import COMPARISON, read_rm_score
from rbrctl.rewards.pairs.contradictions import PreferenceCycles
from rbrctl.rewards.pairs.preferences import is_preference, parse_preference


class InputKind(StrEnum):
    """The kind of the rows of a file."""

    RESULTS = "results"
    PREFERENCES = "preferences"
    TRANSCRIPTS = "transcripts"


@dataclass(slots=True)
class ComparisonInput:
    """The rows of a file of comparisons."""

    kind: InputKind = InputKind.TRANSCRIPTS
    results: list[Result] = field(default_factory=list)
    transcripts: list[Transcript] = field(default_factory=list)
    """Still to be graded; for preferences, both sides of each."""
    contradictions: list[tuple[str, ...]] = field(default_factory=list)
    """The ids of preferences that contradict each other. They are not among the transcripts."""
    lines: dict[str, int] = field(default_factory=dict)
    """The line number of each result, preference or transcript, by its id."""


def read_input(
    source: DataSource, on_problem: ProblemHandler, name: str | None = None
) -> ComparisonInput:
    """
    Read a file whose first row decides of which kind it is; a row of another kind is a problem.

    Raises FileError if the source cannot be read.
    """
    name = name or source_name(source)
    found = ComparisonInput()
    cycles = PreferenceCycles()
    for number, row in read_json_lines(source, on_problem, name):
        if not found.lines:
            found.kind = kind_of_row(row)
        try:
            _add(found, row, number, cycles)
        except RecordError as error:
            on_problem(LineProblem(name, number, str(error)))
    found.contradictions = cycles.found()
    contradicted = {id for cycle in found.contradictions for id in cycle}
    found.transcripts = [
        each for each in found.transcripts if each.extra.get(COMPARISON) not in contradicted
    ]
    return found


def kind_of_row(row: Mapping[str, Any]) -> InputKind:
    """Return the kind of a row, which its keys tell."""
    if "answers" in row:
        return InputKind.RESULTS
    return InputKind.PREFERENCES if is_preference(row) else InputKind.TRANSCRIPTS


def _add(
    found: ComparisonInput,
    row: Mapping[str, Any],
    number: int,
    cycles: PreferenceCycles,
) -> None:
    kind = kind_of_row(row)
    if found.lines and kind is not found.kind:
        raise RecordError(
            f"this row belongs to a file of {kind}, but those before it to one of {found.kind}"
        )
    if kind is InputKind.RESULTS:
        read_rm_score(row)
        result = parse_result(row)
        _check_unique(result.id, number, found.lines)
        found.results.append(result)
    elif kind is InputKind.PREFERENCES:
        preference = parse_preference(row, f"line {number}")
        _check_unique(preference.id, number, found.lines)
        cycles.add(preference)
        found.transcripts += preference.transcripts
    else:
        read_rm_score(row)
        transcript = parse_transcript(row)
        identifier = transcript.id or f"{transcript.content_digest}-{number}"
        _check_unique(identifier, number, found.lines)
        found.transcripts.append(replace(transcript, id=identifier))


def _check_unique(identifier: str, number: int, lines: dict[str, int]) -> None:
    if (before := lines.setdefault(identifier, number)) != number:
        raise RecordError(f"the id {quoted(identifier)} is already used on line {before}")
