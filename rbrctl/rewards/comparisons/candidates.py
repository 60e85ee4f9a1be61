"""Candidates: completions that can be compared, with their answers and what orders them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rbrctl.errors import RecordError
from rbrctl.grading.engine import UNRESOLVED_CLASS_KEY
from rbrctl.records.models import Result
from rbrctl.records.problems import kind_of, quoted
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import hint_for

RM_SCORE = "rm_score"
NO_CLASS = "no response class"
ONE_GROUP = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A completion among those of its group, which it is compared with."""

    id: str
    group: str
    """Pairs are formed within it: a prompt, a preference, or all of a class."""
    prompt: str
    """Digest of the prompt: what is held out and resampled as one."""
    content: str
    """Digest of prompt and completion."""
    response_class: str
    probabilities: Mapping[str, float]
    """The answers that are known."""
    label: str
    """What orders it: a rank, ``chosen`` or ``rejected``, or the file's own."""
    rm_score: float = 0.0
    """The reward model's score; 0 where there is none."""


@dataclass(slots=True)
class LeftOut:
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
        """How many rows were left out."""
        return sum(self.counts.values())


def known_probabilities(result: Result) -> dict[str, float]:
    """Give the answers of a result that are no errors."""
    return {
        name: answer.probability
        for name, answer in result.answers.items()
        if answer.probability is not None
    }


def read_rm_score(row: Mapping[str, object]) -> float:
    """
    Read the reward model's score of a row; 0 where it has none.

    Raises RecordError for what is no number; NaN never gets past the reader.
    """
    value = row.get(RM_SCORE)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError(f"{RM_SCORE} must be a number, not {kind_of(value)}")
    if not abs(value) <= 1e9:
        raise RecordError(f"{RM_SCORE} must be a finite number below 1e9, not {quoted(value)}")
    return float(value)


def label_of(result: Result, judge: Judge, order_by: str) -> str | None:
    """
    Give what orders a result; None where it has none.

    ``labels`` is the rank that a human's labels lead to, ``rank`` the rank of the grader's answers,
    ``rank_label`` a human's rank; any other word is a key of the row.
    """
    if order_by == "rank":
        return result.rank
    if order_by == "rank_label":
        return result.rank_label
    if order_by == "labels":
        name = judge.ruleset.resolve_response_class(result.response_class or "")
        return judge.verdict(name, result.labels).rank if name else None
    value = result.extra.get(order_by)
    return value if isinstance(value, str) else None


def candidates_of(
    results: Iterable[Result],
    judge: Judge,
    order_by: str = "labels",
    pairs: str = "prompt",
    left_out: LeftOut | None = None,
) -> list[Candidate]:
    """
    Make candidates of results, in their order.

    ``pairs`` is ``prompt`` (completions of one prompt are compared), ``class`` (all those of a
    response class) or ``preference`` (the two sides of each). Rows without a response class,
    without answers or without an order are counted in ``left_out``. Raises RecordError for a reward
    model's score that is no number.
    """
    left_out = left_out if left_out is not None else LeftOut()
    candidates: list[Candidate] = []
    for result in results:
        name = result.response_class
        response_class = name and judge.ruleset.resolve_response_class(name)
        if response_class is None:
            left_out.add(_class_problem(result, judge), result.id)
            continue
        label = label_of(result, judge, order_by)
        if label is None:
            left_out.add(f"no {_order_name(order_by)}", result.id)
            continue
        candidates.append(
            Candidate(
                id=result.id,
                group=_group(result, pairs),
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
    name = result.response_class or result.extra.get(UNRESOLVED_CLASS_KEY)
    if name is None:
        return NO_CLASS
    hint = hint_for(name, judge.ruleset.response_classes)
    return f"the response class {quoted(name)}, which the rules do not have ({hint})"


def _group(result: Result, pairs: str) -> str:
    if pairs == "class":
        return ONE_GROUP
    if pairs == "preference":
        return str(result.extra.get("comparison", result.id))
    return result.prompt_digest


def _order_name(order_by: str) -> str:
    return "rank from labels" if order_by == "labels" else order_by


def _rm_score(result: Result) -> float:
    try:
        return read_rm_score(result.extra)
    except RecordError as error:
        raise RecordError(f"{result.id}: {error}") from error
