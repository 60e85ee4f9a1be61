"""The figures of a score, as plain data that any report can show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.statistics.agreement import ConfusionCounts

FEW_ROWS = 10
"""With fewer rows of either label, a figure of agreement means little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementScore:
    """The agreement of answers with labels on one yes/no question."""

    group: str | None
    """The value of ``--by`` that these rows have; None without grouping."""
    gold_rows: int
    """Rows on which the labels determine the question."""
    counts: ConfusionCounts
    """The rows that both labels and answers determine."""

    @property
    def coverage(self) -> float | None:
        """Share of the gold rows that the answers determine too."""
        return self.counts.total / self.gold_rows if self.gold_rows else None

    @property
    def too_few(self) -> bool:
        """True if fewer than FEW_ROWS rows are positive, or negative, by the labels."""
        counts = self.counts
        return min(counts.positive, counts.total - counts.positive) < FEW_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore(AgreementScore):
    """The agreement on whether a rule is broken, where it applies; "positive" is broken."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropositionScore(AgreementScore):
    """The agreement on one proposition; "positive" is true."""

    proposition: str
    brier: float | None
    expected_calibration_error: float | None


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The agreement on the ranks of one response class."""

    response_class: str
    group: str | None
    gold_rows: int
    confusion: Mapping[tuple[str, str], int]
    """Rows by (rank by the labels, rank by the answers), where both are determined."""

    @property
    def total(self) -> int:
        """Rows whose rank both labels and answers determine."""
        return sum(self.confusion.values())

    @property
    def correct(self) -> int:
        """Rows whose rank agrees."""
        return sum(rows for (gold, found), rows in self.confusion.items() if gold == found)


@dataclass(frozen=True, slots=True)
class RuleFrequency:
    """How often a rule is held, broken or undetermined by the answers."""

    rule: str
    group: str | None
    held: int
    broken: int
    undetermined: int

    @property
    def total(self) -> int:
        """The number of transcripts that the rule applies to."""
        return self.held + self.broken + self.undetermined


@dataclass(frozen=True, slots=True)
class RankFrequency:
    """How often each rank occurs in one response class, by the answers."""

    response_class: str
    group: str | None
    ranks: Mapping[str, int]
    undetermined: int

    @property
    def total(self) -> int:
        """The number of transcripts of the class."""
        return sum(self.ranks.values()) + self.undetermined


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One row on which answers and labels disagree, and how much."""

    id: str
    response_class: str | None
    gold_rank: str | None
    rank: str | None
    steps: int
    """The distance between the ranks; 0 if either is unknown."""
    propositions: Mapping[str, tuple[bool, float]]
    """The label and the probability of each proposition that was answered wrongly."""

    @property
    def weight(self) -> tuple[int, float]:
        """The sort key of rows: the distance of ranks, then how sure the wrong answers were."""
        return self.steps, sum(abs(label - p) for label, p in self.propositions.values())


@dataclass(frozen=True, slots=True)
class Score:
    """All figures of a stream of results."""

    results: int
    labelled: int
    """Results with at least one label or a rank label."""
    without_class: int
    """Results without a response class that the rule set has."""
    inferred_class: int
    failed_answers: int
    undetermined: int
    """Results with a response class and without a rank."""
    axioms_broken: int
    rank_labels_contradicted: int
    """Rows whose rank label is not the rank that their own labels give."""
    rules: tuple[RuleScore, ...]
    propositions: tuple[PropositionScore, ...]
    classes: tuple[ClassScore, ...]
    rule_frequencies: tuple[RuleFrequency, ...]
    rank_frequencies: tuple[RankFrequency, ...]
    disagreements: tuple[Disagreement, ...] = ()
    ranks: tuple[str, ...] = field(default=())
    """The ranks, best first: the order of a confusion matrix."""
