"""
Results held in columns: one bit a transcript, so that a rule is judged on all of them at once.

A set of transcripts is one long integer whose bit i stands for row i. A boolean function of the
answers costs a few operations on such integers, whatever the number of rows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity

DEFAULT_THRESHOLD = 0.5
_UNKNOWN, _TRUE, _FALSE = b"\0\1\2"
_IS_TRUE = bytes([48, 49, 48]) + bytes([48]) * 253
_IS_FALSE = bytes([48, 48, 49]) + bytes([48]) * 253

Truth = Callable[[str, Answer], bool | None]
"""Reads an answer as true, false or, for an error, unknown."""


def plain_truth(name: str, answer: Answer) -> bool | None:
    """Take an answer as true from DEFAULT_THRESHOLD on."""
    if answer.probability is None:
        return None
    return answer.probability >= DEFAULT_THRESHOLD


@dataclass(frozen=True, slots=True)
class Columns:
    """For each proposition, the rows on which it is true and those on which it is false."""

    true: Mapping[str, int]
    false: Mapping[str, int]


class _Column:
    """Values of one proposition as they come, a byte a row."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = bytearray()

    def put(self, row: int, value: bool) -> None:
        missing = row - len(self.values)
        if missing > 0:
            self.values.extend(bytes(missing))
        self.values.append(_TRUE if value else _FALSE)

    def rows(self, translation: bytes) -> int:
        digits = self.values.translate(translation)
        digits.reverse()
        # A power of two as base is converted in linear time, and has no limit on its digits.
        return int(digits, 2) if digits else 0


@dataclass(slots=True)
class AnswerTable:
    """Results in columns; rows are numbered from 0 in the order in which they came."""

    ids: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    clusters: list[int] = field(default_factory=list)
    """For each row the number of its prompt: rows of one prompt are not independent."""
    response_classes: dict[str, int] = field(default_factory=dict)
    """The rows of each response class, by the name that the results give it."""
    rank_labels: dict[str, int] = field(default_factory=dict)
    """The rows that a person gave each rank."""
    answers: Columns = field(default_factory=lambda: Columns({}, {}))
    labels: Columns = field(default_factory=lambda: Columns({}, {}))
    repeats: tuple[Columns, ...] = ()
    """The answers of each time that the grader was asked, where it was asked several times."""
    failed: int = 0
    """The rows with an answer that is an error."""
    rulesets: Counter[RuleSetIdentity] = field(default_factory=Counter)
    graders: Counter[GraderIdentity] = field(default_factory=Counter)
    digests: dict[str, Counter[str | None]] = field(default_factory=dict)
    """For each proposition how many answers were given to each question digest."""

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.ids)

    @property
    def everything(self) -> int:
        """The set of all rows."""
        return (1 << len(self.ids)) - 1


def rows_of(bits: int) -> Iterable[int]:
    """Give the numbers of the rows in a set, ascending."""
    digits = bin(bits)[:1:-1]
    row = digits.find("1")
    while row >= 0:
        yield row
        row = digits.find("1", row + 1)


def read_table(results: Iterable[Result], truth: Truth = plain_truth) -> AnswerTable:
    """Read a stream of results into columns; some 100 bytes and a few bits remain of each."""
    return _Reading(truth).table(results)


class _Reading:
    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._answers: dict[str, _Column] = {}
        self._labels: dict[str, _Column] = {}
        self._repeats: list[dict[str, _Column]] = []
        self._classes: dict[str, _Column] = {}
        self._rank_labels: dict[str, _Column] = {}
        self._failed = _Column()
        self._prompts: dict[str, int] = {}

    def table(self, results: Iterable[Result]) -> AnswerTable:
        table = AnswerTable()
        for row, result in enumerate(results):
            table.ids.append(result.id)
            table.contents.append(result.content_digest)
            prompts = self._prompts
            table.clusters.append(prompts.setdefault(result.prompt_digest, len(prompts)))
            table.rulesets[result.ruleset] += 1
            table.graders[result.grader] += 1
            if result.response_class is not None:
                _put(self._classes, result.response_class, row, True)
            if result.rank_label is not None:
                _put(self._rank_labels, result.rank_label, row, True)
            for name, value in result.labels.items():
                _put(self._labels, name, row, value)
            self._take_answers(table, row, result)
        table.response_classes = _sets(self._classes)
        table.rank_labels = _sets(self._rank_labels)
        table.answers = _columns(self._answers)
        table.labels = _columns(self._labels)
        table.repeats = tuple(map(_columns, self._repeats))
        table.failed = self._failed.rows(_IS_TRUE)
        return table

    def _take_answers(self, table: AnswerTable, row: int, result: Result) -> None:
        failed = False
        for name, answer in result.answers.items():
            value = self._truth(name, answer)
            if value is None:
                failed = True
                continue
            _put(self._answers, name, row, value)
            counts = table.digests.get(name)
            if counts is None:
                counts = table.digests[name] = Counter()
            counts[answer.digest] += 1
            if answer.details:
                self._take_repeats(row, name, answer)
        if failed:
            self._failed.put(row, True)

    def _take_repeats(self, row: int, name: str, answer: Answer) -> None:
        repeats = answer.details.get("repeats")
        if not isinstance(repeats, list) or len(repeats) < 2:
            return
        for index, value in enumerate(repeats):
            if isinstance(value, int | float) and not isinstance(value, bool):
                while len(self._repeats) <= index:
                    self._repeats.append({})
                once = Answer(probability=float(value), source=answer.source, digest=answer.digest)
                truth = self._truth(name, once)
                if truth is not None:
                    _put(self._repeats[index], name, row, truth)


def _put(columns: dict[str, _Column], name: str, row: int, value: bool) -> None:
    column = columns.get(name)
    if column is None:
        column = columns[name] = _Column()
    column.put(row, value)


def _sets(columns: Mapping[str, _Column]) -> dict[str, int]:
    return {name: column.rows(_IS_TRUE) for name, column in columns.items()}


def _columns(columns: Mapping[str, _Column]) -> Columns:
    return Columns(
        {name: column.rows(_IS_TRUE) for name, column in columns.items()},
        {name: column.rows(_IS_FALSE) for name, column in columns.items()},
    )
