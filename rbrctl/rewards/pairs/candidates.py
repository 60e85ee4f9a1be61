"""Candidates: completions that can be compared, with their answers and what orders them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from rbrctl.errors import RecordError
from rbrctl.records.models import Result
from rbrctl.records.problems import kind_of, quoted
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import hint_for

RM_SCORE = "rm_score"
"""The key of a row that holds the reward model's score."""
PREFERENCE = "preference"
"""The key of a transcript that says which side of its preference it is."""
COMPARISON = "comparison"
"""The key of a transcript that names its preference."""
NO_CLASS = "no response class"
"""The reason for skipping a row without a response class."""
_ONE_GROUP = ""


class RankSource(StrEnum):
    """The source of the rank that says how good a completion is."""

    LABELS = "labels"
    """The rank that follows from a human's labels of the propositions."""
    RANK = "rank"
    """The rank that follows from the grader's answers."""
    RANK_LABEL = "rank_label"
    """The rank that a human gave."""


@dataclass(frozen=True, slots=True)
class RowKey:
    """A key of the rows whose value says how good a completion is."""

    name: str

    def __str__(self) -> str:
        """Return the key's name."""
        return self.name


OrderBy = RankSource | RowKey
"""What says which completion is better."""
BY_PREFERENCE = RowKey(PREFERENCE)
"""A person chose one of two completions."""


def parse_order(name: str) -> OrderBy:
    """Return the rank source with this name; any other name is that of a key of the rows."""
    return RankSource(name) if name in list(RankSource) else RowKey(name)


class PairScope(StrEnum):
    """Which completions are compared with each other."""

    PROMPT = "prompt"
    """Completions of the same prompt."""
    CLASS = "class"
    """All completions of a response class."""
    PREFERENCE = "preference"
    """The two sides of each preference."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A completion that can be compared with the others of its group."""

    id: str
    group: str
    """Pairs are formed within it: a prompt, a preference, or all of a response class."""
    prompt: str
    """Digest of the prompt. All candidates of a prompt are held out or resampled together."""
    content: str
    """Digest of prompt and completion."""
    response_class: str
    probabilities: Mapping[str, float]
    """The known answers."""
    label: str
    """What orders it: a rank, ``chosen`` or ``rejected``, or a label of the file."""
    rm_score: float = 0.0
    """The reward model's score; 0 if there is none."""


@dataclass(slots=True)
class SkipCounts:
    """Counts of the rows that could not be compared, by reason."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    """The id of the first row of each reason."""

    def add(self, reason: str, id: str) -> None:
        """Count a row."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.examples.setdefault(reason, id)

    @property
    def total(self) -> int:
        """The number of rows that were skipped."""
        return sum(self.counts.values())


def known_probabilities(result: Result) -> dict[str, float]:
    """Return the answers of a result that are not errors."""
    return {
        name: answer.probability
        for name, answer in result.answers.items()
        if answer.probability is not None
    }


def read_rm_score(row: Mapping[str, object]) -> float:
    """
    Return the reward model's score of a row, or 0 if it has none.

    Raises RecordError for a value that is not a number; NaN is refused when the line is read.
    """
    value = row.get(RM_SCORE)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError(f"{RM_SCORE} must be a number, not {kind_of(value)}")
    if not abs(value) <= 1e9:
        raise RecordError(f"{RM_SCORE} must be a finite number below 1e9, not {quoted(value)}")
    return float(value)


def label_of(result: Result, judge: Judge, order_by: OrderBy) -> str | None:
    """Return the rank or label that orders a result, or None if it has none."""
    match order_by:
        case RankSource.RANK:
            return result.rank
        case RankSource.RANK_LABEL:
            return result.rank_label
        case RankSource.LABELS:
            name = judge.ruleset.resolve_response_class(result.response_class or "")
            return judge.verdict(name, result.labels).rank if name else None
        case RowKey(name):
            value = result.extra.get(name)
            return value if isinstance(value, str) else None
        case _:
            assert_never(order_by)


def candidates_of(
    results: Iterable[Result],
    judge: Judge,
    order_by: OrderBy = RankSource.LABELS,
    scope: PairScope = PairScope.PROMPT,
    skipped: SkipCounts | None = None,
) -> list[Candidate]:
    """
    Return the results as candidates, in the same order.

    Results without a response class or without a label to order them by are counted in ``skipped``.
    Raises RecordError for a reward model's score that is not a number.
    """
    skipped = skipped if skipped is not None else SkipCounts()
    candidates: list[Candidate] = []
    for result in results:
        name = result.response_class
        response_class = name and judge.ruleset.resolve_response_class(name)
        if response_class is None:
            skipped.add(_class_problem(result, judge), result.id)
            continue
        label = label_of(result, judge, order_by)
        if label is None:
            skipped.add(f"no {_describe(order_by)}", result.id)
            continue
        candidates.append(
            Candidate(
                id=result.id,
                group=_group(result, scope),
                prompt=result.prompt_digest,
                content=result.content_digest,
                response_class=response_class,
                probabilities=known_probabilities(result),
                label=label,
                rm_score=_rm_score(result),
            )
        )
    return candidates


def _class_problem(result: Result, judge: Judge) -> str:
    name = result.response_class or result.unresolved_class
    if name is None:
        return NO_CLASS
    hint = hint_for(name, judge.ruleset.response_classes)
    return f"the response class {quoted(name)}, which the rules do not have ({hint})"


def _group(result: Result, scope: PairScope) -> str:
    match scope:
        case PairScope.CLASS:
            return _ONE_GROUP
        case PairScope.PREFERENCE:
            return str(result.extra.get(COMPARISON, result.id))
        case PairScope.PROMPT:
            return result.prompt_digest


def _describe(order_by: OrderBy) -> str:
    return "rank from labels" if order_by is RankSource.LABELS else str(order_by)


def _rm_score(result: Result) -> float:
    try:
        return read_rm_score(result.extra)
    except RecordError as error:
        raise RecordError(f"{result.id}: {error}") from error
