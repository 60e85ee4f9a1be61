"""Scoring a stream of results in one pass and constant memory: only counts are kept."""

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from rbrctl.grading.judging import AnswerDecoder
from rbrctl.records.models import Result
from rbrctl.ruleset.verdict import Judge
from rbrctl.scoring.models import (
    ClassScore,
    Disagreement,
    PropositionScore,
    RankFrequency,
    RuleFrequency,
    RuleScore,
    Score,
)
from rbrctl.states import RuleState
from rbrctl.statistics.agreement import ConfusionCounts
from rbrctl.statistics.calibration import CalibrationTally

Value = TypeVar("Value")
Group = str | None
Grouping = Callable[[Result], Group]


def by_nothing(result: Result) -> Group:
    """Return None: all results are in one group."""
    return None


def by_response_class(result: Result) -> Group:
    """Return the response class of a result, or ``(none)``."""
    return result.response_class or "(none)"


def by_category(result: Result) -> Group:
    """Return the category of a result, or ``(none)``."""
    return result.category or "(none)"


@dataclass(frozen=True, slots=True)
class Gold:
    """The verdict by the labels; absent labels can leave rules and the rank undetermined."""

    rules: Mapping[str, RuleState]
    rank: str | None
    contradicted: bool = False
    """True where a rank label differs from the rank that the labels determine."""


def gold_of(judge: Judge, result: Result) -> Gold:
    """
    Return the verdict that a result's labels give; an absent label is unknown.

    Where the row has a rank label that is a rank of the rule set, that is the gold rank: a person
    judged the completion as a whole.
    """
    response_class = result.response_class
    if response_class is None or response_class not in judge.ruleset.response_classes:
        return Gold({}, None)
    verdict = judge.verdict(response_class, result.labels)
    rank = verdict.rank
    if result.rank_label in judge.ruleset.ranks:
        rank = result.rank_label
    return Gold(verdict.rules, rank, contradicted=verdict.rank not in (None, rank))


@dataclass(slots=True)
class _Pairs:
    """A confusion matrix while it is counted: rows by (label, answer)."""

    gold_rows: int = 0
    cells: Counter[tuple[bool, bool]] = field(default_factory=Counter)

    def counts(self) -> ConfusionCounts:
        return ConfusionCounts(
            true_positive=self.cells[True, True],
            false_positive=self.cells[False, True],
            false_negative=self.cells[True, False],
            true_negative=self.cells[False, False],
        )


class ScoreTally:
    """Counts judged results one by one; ``score`` returns the figures."""

    def __init__(
        self,
        judge: Judge,
        decoder: AnswerDecoder,
        grouping: Grouping = by_nothing,
        rules: Collection[str] | None = None,
        propositions: Collection[str] | None = None,
        disagreements: int = 5,
    ) -> None:
        """
        Count for all rules, propositions and ranks, or only for those named.

        ``disagreements`` is the number of rows to keep that disagree most with their labels.
        """
        self._judge = judge
        self._decoder = decoder
        self._grouping = grouping
        self._narrowed = rules is not None or propositions is not None
        self._rules = self._chosen(rules, judge.ruleset.rules)
        self._propositions = self._chosen(propositions, judge.ruleset.propositions)
        self._most = disagreements
        self._totals: Counter[str] = Counter()
        self._rule_pairs: dict[tuple[str, Group], _Pairs] = {}
        self._proposition_pairs: dict[tuple[str, Group], _Pairs] = {}
        self._calibrations: dict[tuple[str, Group], CalibrationTally] = {}
        self._class_gold: Counter[tuple[str, Group]] = Counter()
        self._class_cells: dict[tuple[str, Group], Counter[tuple[str, str]]] = {}
        self._states: dict[tuple[str, Group], Counter[RuleState]] = {}
        self._ranks: dict[tuple[str, Group], Counter[str | None]] = {}
        self._apart: list[tuple[tuple[int, float], int, Disagreement]] = []

    def _chosen(self, named: Collection[str] | None, known: Collection[str]) -> frozenset[str]:
        if named is not None:
            return frozenset(named)
        return frozenset() if self._narrowed else frozenset(known)

    def add(self, result: Result) -> None:
        """Count one result that carries the verdict of the judge's rule set."""
        group = self._grouping(result)
        gold = gold_of(self._judge, result)
        self._count(result, gold)
        self._add_frequencies(result, group)
        self._add_rules(result, gold, group)
        wrong = self._add_propositions(result, group)
        self._add_rank(result, gold, group)
        self._keep_if_far_apart(result, gold, wrong)

    def _count(self, result: Result, gold: Gold) -> None:
        totals = self._totals
        totals["results"] += 1
        totals["labelled"] += bool(result.labels) or gold.rank is not None
        totals["without_class"] += not self._has_class(result)
        totals["inferred_class"] += result.response_class_source == "inferred"
        totals["failed_answers"] += sum(a.error is not None for a in result.answers.values())
        totals["undetermined"] += self._has_class(result) and result.rank is None
        totals["axioms_broken"] += bool(result.axioms_broken)
        totals["rank_labels_contradicted"] += gold.contradicted

    def _has_class(self, result: Result) -> bool:
        return result.response_class in self._judge.ruleset.response_classes

    def _add_frequencies(self, result: Result, group: Group) -> None:
        if not self._has_class(result):
            return
        if not self._narrowed:
            key = (str(result.response_class), group)
            self._ranks.setdefault(key, Counter())[result.rank] += 1
        for rule, state in result.rules.items():
            if rule in self._rules:
                self._states.setdefault((rule, group), Counter())[state] += 1

    def _add_rules(self, result: Result, gold: Gold, group: Group) -> None:
        for rule, label in gold.rules.items():
            if rule not in self._rules or label is RuleState.UNDETERMINED:
                continue
            pairs = self._rule_pairs.setdefault((rule, group), _Pairs())
            pairs.gold_rows += 1
            found = result.rules.get(rule, RuleState.UNDETERMINED)
            if found is not RuleState.UNDETERMINED:
                pairs.cells[label is RuleState.BROKEN, found is RuleState.BROKEN] += 1

    def _add_propositions(self, result: Result, group: Group) -> dict[str, tuple[bool, float]]:
        """Count the labelled propositions; return those that were answered wrongly."""
        wrong: dict[str, tuple[bool, float]] = {}
        for name, label in result.labels.items():
            if name not in self._propositions:
                continue
            key = (name, group)
            pairs = self._proposition_pairs.setdefault(key, _Pairs())
            pairs.gold_rows += 1
            answer = result.answers.get(name)
            truth = self._decoder.truth(name, answer) if answer else None
            probability = self._decoder.probability(name, answer) if answer else None
            if truth is None or probability is None:
                continue
            pairs.cells[label, truth] += 1
            self._calibrations.setdefault(key, CalibrationTally()).add(probability, label)
            if truth is not label:
                wrong[name] = (label, probability)
        return wrong

    def _add_rank(self, result: Result, gold: Gold, group: Group) -> None:
        if self._narrowed or not self._has_class(result) or gold.rank is None:
            return
        key = (str(result.response_class), group)
        self._class_gold[key] += 1
        cells = self._class_cells.setdefault(key, Counter())
        if result.rank is not None:
            cells[gold.rank, result.rank] += 1

    def _keep_if_far_apart(
        self, result: Result, gold: Gold, wrong: dict[str, tuple[bool, float]]
    ) -> None:
        ranks = self._judge.ruleset.ranks
        steps = 0
        if not self._narrowed and gold.rank is not None and result.rank is not None:
            steps = abs(ranks.index(gold.rank) - ranks.index(result.rank))
        if not steps and not wrong:
            return
        row = Disagreement(result.id, result.response_class, gold.rank, result.rank, steps, wrong)
        # Of rows equally far apart the earlier one stays.
        heapq.heappush(self._apart, (row.weight, -self._totals["results"], row))
        if len(self._apart) > self._most:
            heapq.heappop(self._apart)

    def score(self) -> Score:
        """Return what has been counted so far, in the order of the rule set."""
        ruleset = self._judge.ruleset
        return Score(
            **{name: self._totals[name] for name in _TOTALS},
            rules=tuple(
                RuleScore(rule=rule, group=group, gold_rows=pairs.gold_rows, counts=pairs.counts())
                for (rule, group), pairs in _in_order(self._rule_pairs, ruleset.rules)
            ),
            propositions=tuple(
                self._proposition_score(name, group, pairs)
                for (name, group), pairs in _in_order(self._proposition_pairs, ruleset.propositions)
            ),
            classes=tuple(
                ClassScore(name, group, self._class_gold[name, group], dict(cells))
                for (name, group), cells in _in_order(self._class_cells, ruleset.response_classes)
            ),
            rule_frequencies=tuple(
                RuleFrequency(
                    rule,
                    group,
                    held=states[RuleState.HELD],
                    broken=states[RuleState.BROKEN],
                    undetermined=states[RuleState.UNDETERMINED],
                )
                for (rule, group), states in _in_order(self._states, ruleset.rules)
            ),
            rank_frequencies=tuple(
                RankFrequency(name, group, {r: ranks[r] for r in ruleset.ranks}, ranks[None])
                for (name, group), ranks in _in_order(self._ranks, ruleset.response_classes)
            ),
            disagreements=tuple(
                row for _, _, row in sorted(self._apart, key=lambda item: item[:2], reverse=True)
            ),
            ranks=ruleset.ranks,
        )

    def _proposition_score(self, name: str, group: Group, pairs: _Pairs) -> PropositionScore:
        calibration = self._calibrations.get((name, group))
        return PropositionScore(
            proposition=name,
            group=group,
            gold_rows=pairs.gold_rows,
            counts=pairs.counts(),
            brier=calibration.brier_score if calibration else None,
            expected_calibration_error=calibration.expected_error if calibration else None,
        )


_TOTALS = (
    "results",
    "labelled",
    "without_class",
    "inferred_class",
    "failed_answers",
    "undetermined",
    "axioms_broken",
    "rank_labels_contradicted",
)


def _in_order(
    counted: dict[tuple[str, Group], Value], order: Collection[str]
) -> list[tuple[tuple[str, Group], Value]]:
    """Return what was counted, sorted by group and then by the rule set's order of names."""
    positions = {name: position for position, name in enumerate(order)}
    return sorted(counted.items(), key=lambda item: (item[0][1] or "", positions[item[0][0]]))
