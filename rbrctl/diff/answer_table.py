"""
Results held in columns: one bit a transcript, so that a rule is judged on all of them at once.

A set of transcripts is one long integer whose bit i stands for row i. A boolean function of the
answers costs a few operations on such integers, whatever the number of rows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rbrctl.records.models import ANSWER_THRESHOLD, Answer, GraderIdentity, Result, RuleSetIdentity

_UNKNOWN, _TRUE, _FALSE = b"\0\1\2"
_IS_TRUE = bytes([48, 49, 48]) + bytes([48]) * 253
_IS_FALSE = bytes([48, 48, 49]) + bytes([48]) * 253

Truth = Callable[[str, float], bool]
"""Reads P(true) of a proposition as true or false."""


@dataclass(frozen=True, slots=True)
class Columns:
    """For each proposition, the rows on which it is true and those on which it is false."""

    true: Mapping[str, int]
    false: Mapping[str, int]


class _Column:
    """Values of one proposition in the order of the rows, one byte for each."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = bytearray()

    def put(self, row: int, value: bool) -> None:
        missing = row - len(self.values)
        if missing < 0:
            self.values[row] = _TRUE if value else _FALSE
            return
        if missing:
            self.values.extend(bytes(missing))
        self.values.append(_TRUE if value else _FALSE)

    def rows(self, translation: bytes) -> int:
        digits = self.values.translate(translation)
        digits.reverse()
        # A power of two as base is converted in linear time, and has no limit on its digits.
        return int(digits, 2) if digits else 0


@dataclass(slots=True)
class AnswerTable:
    """Results in columns. Rows are numbered from 0; a row without a result is empty."""

    ids: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    present: int = 0
    """The rows that have a result: fewer than ``ids`` only in a table built beside another."""
    clusters: list[int] = field(default_factory=list)
    """For each row the number of its prompt: rows of one prompt are not independent."""
    response_classes: dict[str, int] = field(default_factory=dict)
    """The rows of each response class, by the name that the results give it."""
    rank_labels: dict[str, int] = field(default_factory=dict)
    """The rows to which a person gave each rank."""
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
        """The number of rows that are here."""
        return self.present.bit_count()

    @property
    def everything(self) -> int:
        """The set of all row numbers."""
        return (1 << len(self.ids)) - 1


def rows_of(bits: int) -> Iterable[int]:
    """Yield the numbers of the rows in a set, ascending."""
    digits = bin(bits)[:1:-1]
    row = digits.find("1")
    while row >= 0:
        yield row
        row = digits.find("1", row + 1)


def _put(columns: dict[str, _Column], name: str, row: int, value: bool) -> None:
    column = columns.get(name)
    if column is None:
        column = columns[name] = _Column()
    column.put(row, value)


def rows_where(flags: Iterable[bool]) -> int:
    """Return the set of the positions at which ``flags`` is true."""
    column = _Column()
    column.values.extend(flags)
    return column.rows(_IS_TRUE)


class TableBuilder:
    """Collects results one by one, and keeps about 100 bytes and a few bits of each."""

    def __init__(self, truth: Truth | None = None, beside: AnswerTable | None = None) -> None:
        """
        Read answers with ``truth``, by default as true from ANSWER_THRESHOLD on.

        A table built ``beside`` another gives the rows of the same id the same number.
        """
        self._truth = truth
        self._table = AnswerTable()
        self._rows: dict[str, int] | None = None
        if beside is not None:
            self._rows = {id: row for row, id in enumerate(beside.ids)}
            self._table.ids = list(beside.ids)
            self._table.contents = [""] * len(beside.ids)
            self._table.clusters = [-1] * len(beside.ids)
        self._present = _Column()
        self._answers: dict[str, _Column] = {}
        self._labels: dict[str, _Column] = {}
        self._repeats: list[dict[str, _Column]] = []
        self._classes: dict[str, _Column] = {}
        self._rank_labels: dict[str, _Column] = {}
        self._failed = _Column()
        self._prompts: dict[str, int] = {}

    def take(self, result: Result) -> None:
        """Add a row."""
        row = self.take_head(
            result.id, result.content_digest, result.prompt_digest, result.response_class
        )
        self.take_identities(result.ruleset, result.grader)
        if result.rank_label is not None:
            _put(self._rank_labels, result.rank_label, row, True)
        self.take_labels(row, result.labels)
        for name, answer in result.answers.items():
            self.take_answer(row, name, answer)

    def take_head(self, id: str, content: str, prompt: str, response_class: str | None) -> int:
        """Start a row and return its number."""
        table = self._table
        cluster = self._prompts.setdefault(prompt, len(self._prompts))
        row = len(table.ids) if self._rows is None else self._rows.get(id, len(table.ids))
        if row < len(table.ids):
            table.contents[row] = content
            table.clusters[row] = cluster
        else:
            table.ids.append(id)
            table.contents.append(content)
            table.clusters.append(cluster)
        self._present.put(row, True)
        if response_class is not None:
            _put(self._classes, response_class, row, True)
        return row

    def take_identities(self, ruleset: RuleSetIdentity, grader: GraderIdentity) -> None:
        """Count who judged and who answered a row."""
        self._table.rulesets[ruleset] += 1
        self._table.graders[grader] += 1

    def take_labels(self, row: int, labels: Mapping[str, bool]) -> None:
        """Add a row's labels."""
        for name, value in labels.items():
            _put(self._labels, name, row, value)

    def take_answer(self, row: int, name: str, answer: Answer) -> None:
        """Add one answer, be it an error."""
        if answer.probability is None:
            self._failed.put(row, True)
            return
        self.take_probability(row, name, answer.probability, answer.digest)
        repeats = answer.details.get("repeats")
        if isinstance(repeats, list) and len(repeats) > 1:
            self._take_repeats(row, name, repeats)

    def take_probability(self, row: int, name: str, p: float, digest: str | None) -> None:
        """Add one answer that is a probability."""
        truth = self._truth
        column = self._answers.get(name)
        if column is None:
            column = self._answers[name] = _Column()
            self._table.digests[name] = Counter()
        column.put(row, p >= ANSWER_THRESHOLD if truth is None else truth(name, p))
        self._table.digests[name][digest] += 1

    def _take_repeats(self, row: int, name: str, repeats: list[object]) -> None:
        for index, value in enumerate(repeats):
            if isinstance(value, int | float) and not isinstance(value, bool):
                while len(self._repeats) <= index:
                    self._repeats.append({})
                truth = self._truth
                known = value >= ANSWER_THRESHOLD if truth is None else truth(name, value)
                _put(self._repeats[index], name, row, known)

    def table(self) -> AnswerTable:
        """Return the table of all rows that were added."""
        table = self._table
        table.present = self._present.rows(_IS_TRUE)
        table.response_classes = _sets(self._classes)
        table.rank_labels = _sets(self._rank_labels)
        table.answers = _columns(self._answers)
        table.labels = _columns(self._labels)
        table.repeats = tuple(map(_columns, self._repeats))
        table.failed = self._failed.rows(_IS_TRUE)
        return table


def table_of(results: Iterable[Result], truth: Truth | None = None) -> AnswerTable:
    """Put results into columns."""
    builder = TableBuilder(truth)
    for result in results:
        builder.take(result)
    return builder.table()


def _sets(columns: Mapping[str, _Column]) -> dict[str, int]:
    return {name: column.rows(_IS_TRUE) for name, column in columns.items()}


def _columns(columns: Mapping[str, _Column]) -> Columns:
    return Columns(
        {name: column.rows(_IS_TRUE) for name, column in columns.items()},
        {name: column.rows(_IS_FALSE) for name, column in columns.items()},
    )
