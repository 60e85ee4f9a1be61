"""
Changes in agreement with the labels between two sides, tested against chance.

Completions of one prompt are not independent, so every test and interval counts prompts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from rbrctl.diff.answer_table import rows_of
from rbrctl.diff.batch_verdict import BatchVerdict
from rbrctl.diff.corpus import Corpus, Side
from rbrctl.statistics.bootstrap import RESAMPLES
from rbrctl.statistics.clusters import cluster_sums, clustered_interval, sign_flip_p
from rbrctl.statistics.paired import holm, smallest_significant_drop

FEW_ROWS = 10
"""Under this many rows nothing is tested."""

SIGNIFICANCE = 0.05

DROP_THAT_MATTERS = 0.1
"""A score on which even a drop of this share of its prompts could not have been seen is not
judged."""


_MANY = 64
"""With so many prompts turned any test counts."""


@dataclass(frozen=True, slots=True)
class PairedScore:
    """How often each side agrees with the labels, over the rows that both sides determine."""

    name: str
    kind: str
    """``rule``, or ``rank`` for the rank of one response class."""
    gold_rows: int
    """Rows on which the labels determine it for both sides."""
    rows: int
    """The number of these rows that the answers of both sides determine."""
    only_old: int
    """Rows on which the old side alone is right; so for ``only_new``."""
    only_new: int
    both: int
    prompts: int = 0
    """The number of prompts that these rows belong to."""
    turned: int = 0
    """The number of prompts on which the two sides are not equally often right."""
    lost: int = 0
    """Gold rows that the old side's answers determine and the new side's do not."""
    critical: bool = False
    new_misses: tuple[str, ...] = ()
    """Ids on which the rule is broken by the labels, and only the new side says that it is held."""
    p_value: float | None = None
    """Two-sided, by an exact sign-flip test over prompts; None under FEW_ROWS rows."""
    adjusted: float | None = None
    """The same after Holm's correction over all that was tested."""
    drop_p: float | None = None
    """One-sided, for a drop, corrected over the tests that could find one: what a gate asks."""
    interval: tuple[float, float] | None = None
    """95 % bootstrap interval of the difference, prompts drawn whole; None under 20 prompts."""
    smallest_drop: float | None = None
    """The smallest share of prompts, all turned to the worse, that would have been significant
    here; None where none would."""
    family: int = 1
    """The number of tests for which ``smallest_drop`` is corrected."""
    noise: float | None = None
    """Share of rows that flip when the new side's grader is asked again; None without repeats."""

    @property
    def title(self) -> str:
        """Name it in a sentence."""
        return self.name if self.kind == "rule" else f"the rank of {self.name}"

    @property
    def old_accuracy(self) -> float | None:
        """Share of the rows on which the old side is right."""
        return (self.both + self.only_old) / self.rows if self.rows else None

    @property
    def new_accuracy(self) -> float | None:
        """Share of the rows on which the new side is right."""
        return (self.both + self.only_new) / self.rows if self.rows else None

    @property
    def difference(self) -> float | None:
        """The new side's accuracy less the old one's."""
        return (self.only_new - self.only_old) / self.rows if self.rows else None

    @property
    def changed(self) -> bool:
        """True if any row is now right, wrong or undetermined that was not so before."""
        return bool(self.only_old or self.only_new or self.lost or self.new_misses)

    @property
    def too_few(self) -> bool:
        """True if there were too few rows to test anything."""
        return self.rows < FEW_ROWS

    @property
    def is_judged(self) -> bool:
        """True if a drop was found, or one of DROP_THAT_MATTERS could have been found."""
        seen = self.smallest_drop is not None and self.smallest_drop <= DROP_THAT_MATTERS
        return self.fell or (not self.too_few and seen)

    @property
    def significant(self) -> bool:
        """True if the difference, up or down, is beyond chance."""
        return self.adjusted is not None and self.adjusted < SIGNIFICANCE

    @property
    def fell(self) -> bool:
        """True if a drop is beyond chance."""
        return self.drop_p is not None and self.drop_p < SIGNIFICANCE


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The rows that each side gets right, of those on which the labels decide."""

    gold: int
    old_determined: int
    new_determined: int
    old_right: int
    new_right: int


def compare_accuracy(corpus: Corpus, resamples: int = RESAMPLES) -> tuple[PairedScore, ...]:
    """
    Compare both sides with the labels, rule by rule and, for ranks, class by class.

    Each side is held to what the labels say under its own rules, or to the row's rank label where
    it has one. Labels of propositions follow every change of the rules, so two rule sets are held
    to the rank labels alone in a class that has FEW_ROWS of them. Empty where no row's labels
    decide anything. Holm's correction runs over all scores with FEW_ROWS rows or more.
    """
    scores = [
        _score(corpus, name, kind, verdicts, resamples)
        for name, kind, verdicts in (*_rules(corpus), *_ranks(corpus))
        if verdicts.gold
    ]
    scores = [_with_rule(corpus, score) for score in scores]
    tested = [score for score in scores if score.p_value is not None]
    adjusted = iter(holm([score.p_value for score in tested if score.p_value is not None]))
    able = tests_that_count([score.turned for score in tested])
    return tuple(
        score
        if score.p_value is None
        else replace(
            score,
            adjusted=next(adjusted),
            drop_p=min(1.0, able * score.drop_p if score.drop_p is not None else 1.0),
            **_sensitivity(score, tested),
        )
        for score in scores
    )


def _sensitivity(score: PairedScore, tested: Sequence[PairedScore]) -> dict[str, Any]:
    """Return the smallest drop that could have been seen, corrected for how many tests."""
    others = [each.turned for each in tested if each is not score]
    # A drop that is found would itself make this one of the tests that count.
    family = tests_that_count([*others, max(score.turned, _MANY)])
    drop = smallest_significant_drop(score.prompts, score.turned, 2 * SIGNIFICANCE / family)
    return {"smallest_drop": drop, "family": family}


def tests_that_count(turned: Sequence[int]) -> int:
    """
    Return by how many tests a one-sided level must be divided.

    A test on d prompts that turned can reach no p-value under 0.5**d, so that those with few can
    never be wrong and need not be paid for. Source: R. E. Tarone, "A modified Bonferroni method
    for discrete data", Biometrics 46 (1990).
    """
    divisor = 1
    while sum(0.5**d <= SIGNIFICANCE / divisor for d in turned) > divisor:
        divisor += 1
    return divisor


def _rules(corpus: Corpus) -> Iterator[tuple[str, str, Verdicts]]:
    for old_id, new_id in corpus.rule_pairs():
        if old_id is not None and new_id is not None:
            old = _rule_rows(corpus.old, old_id)
            new = _rule_rows(corpus.new, new_id)
            yield new_id, "rule", _verdicts(corpus.rows, old, new)


def _rule_rows(side: Side, id: str) -> tuple[int, int, int]:
    """Return the rows where the labels decide, where the answers do, and where both agree."""
    gold, found = side.gold, side.answers
    return (
        gold.held[id] | gold.broken[id],
        found.held[id] | found.broken[id],
        (gold.held[id] & found.held[id]) | (gold.broken[id] & found.broken[id]),
    )


def _ranks(corpus: Corpus) -> Iterator[tuple[str, str, Verdicts]]:
    for name, rows in corpus.new.classes.items():
        old, new = _rank_rows(corpus, corpus.old), _rank_rows(corpus, corpus.new)
        yield name, "rank", _verdicts(corpus.rows & rows, old, new)


def _rank_rows(corpus: Corpus, side: Side) -> tuple[int, int, int]:
    known = dict(side.gold.ranks)
    renamed = corpus.renamed_ranks if side is corpus.new else {}
    labels = {
        renamed.get(rank, rank): rows
        for rank, rows in corpus.tables.rank_labels.items()
        if renamed.get(rank, rank) in known
    }
    labelled = 0
    for rows in labels.values():
        labelled |= rows
    ranked_anew = ~_held_to_rank_labels(corpus, labelled)
    decided = right = 0
    for rank, rows in known.items():
        gold = (rows & ~labelled & ranked_anew) | labels.get(rank, 0)
        decided |= gold
        right |= gold & side.answers.ranks[rank]
    return decided, side.answers.ranked, right


def _held_to_rank_labels(corpus: Corpus, labelled: int) -> int:
    """Return the rows of the classes in which only rank labels say which rank is right."""
    if corpus.old.ruleset is corpus.new.ruleset:
        return 0
    held = 0
    for rows in corpus.new.classes.values():
        if (rows & labelled & corpus.rows).bit_count() >= FEW_ROWS:
            held |= rows
    return held


def _verdicts(rows: int, old: tuple[int, int, int], new: tuple[int, int, int]) -> Verdicts:
    gold = rows & old[0] & new[0]
    return Verdicts(gold, gold & old[1], gold & new[1], gold & old[2], gold & new[2])


def _score(corpus: Corpus, name: str, kind: str, verdicts: Verdicts, resamples: int) -> PairedScore:
    rows = verdicts.old_determined & verdicts.new_determined
    only_old = verdicts.old_right & ~verdicts.new_right & rows
    only_new = verdicts.new_right & ~verdicts.old_right & rows
    clusters = corpus.tables.new.clusters
    differences = [(clusters[row], 1) for row in rows_of(only_new)]
    differences += [(clusters[row], -1) for row in rows_of(only_old)]
    sums = cluster_sums(differences)
    score = PairedScore(
        name=name,
        kind=kind,
        gold_rows=verdicts.gold.bit_count(),
        rows=rows.bit_count(),
        only_old=only_old.bit_count(),
        only_new=only_new.bit_count(),
        both=(verdicts.old_right & verdicts.new_right & rows).bit_count(),
        prompts=len({clusters[row] for row in rows_of(rows)}),
        turned=len(sums),
        lost=(verdicts.old_determined & ~verdicts.new_determined).bit_count(),
    )
    if score.too_few:
        return score
    drop_p = sign_flip_p(sums)
    rise_p = sign_flip_p([-each for each in sums])
    return replace(
        score,
        p_value=min(1.0, 2 * min(drop_p, rise_p)),
        drop_p=drop_p,
        interval=_interval(corpus, rows, only_old, only_new, resamples),
    )


def _interval(
    corpus: Corpus, rows: int, only_old: int, only_new: int, resamples: int
) -> tuple[float, float] | None:
    if not only_old | only_new:
        return 0.0, 0.0
    worse, better = set(rows_of(only_old)), set(rows_of(only_new))
    numbers = list(rows_of(rows))
    return clustered_interval(
        [(row in better) - (row in worse) for row in numbers],
        [corpus.tables.new.clusters[row] for row in numbers],
        resamples,
    )


def _with_rule(corpus: Corpus, score: PairedScore) -> PairedScore:
    """Add what only rules have: new misses, and noise."""
    if score.kind != "rule":
        return replace(score, noise=_rank_noise(corpus, score.name))
    back = {new: old for old, new in corpus.renamed_rules.items()}
    old_id = back.get(score.name, score.name)
    severities = {
        corpus.old.ruleset.rules[old_id].severity,
        corpus.new.ruleset.rules[score.name].severity,
    }
    old, new = corpus.old, corpus.new
    missed_before = old.gold.broken[old_id] & old.answers.held[old_id]
    missed = new.gold.broken[score.name] & new.answers.held[score.name]
    return replace(
        score,
        critical="critical" in severities,
        new_misses=tuple(
            corpus.tables.new.ids[row] for row in rows_of(missed & ~missed_before & corpus.rows)
        ),
        noise=_noise([_states(verdict, score.name, corpus.rows) for verdict in new.repeats]),
    )


def _states(verdict: BatchVerdict, id: str, rows: int) -> list[int]:
    return [verdict.held.get(id, 0) & rows, verdict.broken.get(id, 0) & rows]


def _rank_noise(corpus: Corpus, response_class: str) -> float | None:
    rows = corpus.rows & corpus.new.classes[response_class]
    return _noise(
        [[found & rows for found in verdict.ranks.values()] for verdict in corpus.new.repeats]
    )


def _noise(repeats: Sequence[Sequence[int]]) -> float | None:
    """Return the share of rows on which two repeats differ, averaged over all pairs."""
    shares = []
    for first, second in combinations(repeats, 2):
        determined = same = 0
        for left in first:
            for right in second:
                determined |= left & right
        for left, right in zip(first, second, strict=True):
            same |= left & right
        if determined:
            shares.append(1 - same.bit_count() / determined.bit_count())
    return sum(shares) / len(shares) if shares else None
