"""What scoring finds, as plain data that any report can draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.statistics.agreement import ConfusionCounts

FEW_ROWS = 10
"""Below this many rows on either side a figure of agreement means little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementScore:
    """How well the answers agree with the labels on one yes/no matter."""

    group: str | None
    """The value of ``--by`` that these rows have; None without grouping."""
    gold_rows: int
    """Rows on which the labels determine the matter."""
    counts: ConfusionCounts
    """Over rows determined on both sides."""

    @property
    def coverage(self) -> float | None:
        """Share of the gold rows that the answers determine too."""
        return self.counts.total / self.gold_rows if self.gold_rows else None

    @property
    def too_few(self) -> bool:
        """True under FEW_ROWS rows on either side by the labels."""
        counts = self.counts
        return min(counts.positive, counts.total - counts.positive) < FEW_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore(AgreementScore):
    """How well "this rule is broken" was told, where it applies; "positive" is broken."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropositionScore(AgreementScore):
    """How well one proposition was told; "positive" is true."""

    proposition: str
    brier: float | None
    expected_calibration_error: float | None


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well the rank of one response class was told."""

    response_class: str
    group: str | None
    gold_rows: int
    confusion: Mapping[tuple[str, str], int]
    """(rank by the labels, rank by the answers) -> rows, determined on both sides."""

    @property
    def total(self) -> int:
        """Rows determined on both sides."""
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
        """The transcripts that the rule is for."""
        return self.held + self.broken + self.undetermined


@dataclass(frozen=True, slots=True)
class RankFrequency:
    """How the answers spread one response class over the ranks."""

    response_class: str
    group: str | None
    ranks: Mapping[str, int]
    undetermined: int

    @property
    def total(self) -> int:
        """The transcripts of the class."""
        return sum(self.ranks.values()) + self.undetermined


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One row on which answers and labels part, and how far."""

    id: str
    response_class: str | None
    gold_rank: str | None
    rank: str | None
    steps: int
    """How many ranks apart; 0 where either is unknown."""
    propositions: Mapping[str, tuple[bool, float]]
    """Wrongly told propositions: the label and the probability."""

    @property
    def weight(self) -> tuple[int, float]:
        """What rows are ordered by: ranks apart, then how sure the wrong answers were."""
        return self.steps, sum(abs(label - p) for label, p in self.propositions.values())


@dataclass(frozen=True, slots=True)
class Score:
    """Everything that a scored stream of results gives."""

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
    """Best first, to lay out confusion matrices."""
