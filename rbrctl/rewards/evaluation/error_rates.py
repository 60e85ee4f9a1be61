"""
Error rates: how often a reward fails to put the better completion of a pair above the worse one.

This is the check before reinforcement learning of Mu et al. (2024). Intervals are bootstrap
intervals over prompts, since pairs of the same prompt are not independent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.evaluation.reward_parts import RewardKind, RewardParts
from rbrctl.rewards.function import TIE
from rbrctl.rewards.pairs.compare import ClassComparisons, reward_differences
from rbrctl.rewards.splits import interval, resample_counts
from rbrctl.statistics.intervals import wilson_interval

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """The share of pairs in the wrong order, with its bootstrap interval over prompts."""

    pairs: int = 0
    rate: float = _NAN
    """Share of the pairs in which the worse completion is not below the better; NaN without any."""
    ties: float = _NAN
    """The part of the rate that is ties."""
    low: float = _NAN
    high: float = _NAN


@dataclass(frozen=True, slots=True)
class PairDifferences:
    """The differences in reward of some pairs, better minus worse, and the prompts they are of."""

    differences: Floats
    first: Indices
    """The number of the better completion's prompt."""
    second: Indices
    """The number of the worse completion's prompt."""


def pair_differences(
    data: ClassComparisons, differences: Floats, chosen: Mask | None = None
) -> PairDifferences:
    """Return the differences of all pairs of a class, or of the chosen ones, with their prompts."""
    pairs = data.pairs
    if chosen is not None:
        pairs, differences = pairs.chosen(chosen), differences[chosen]
    differences = np.where(np.abs(differences) < TIE, 0.0, differences)
    return PairDifferences(differences, data.prompts[pairs.better], data.prompts[pairs.worse])


def error_rate(
    pairs: PairDifferences, counts: Floats | None = None, confidence: float = 0.95
) -> ErrorRate:
    """
    Return the share of pairs in which the worse completion is not below the better.

    The interval needs ``counts``, the prompt counts of resamples (see ``resample_counts``). There
    is none if all pairs have the same prompt on one side.
    """
    if not len(pairs.differences):
        return ErrorRate()
    wrong = (pairs.differences <= 0).astype(np.float64)
    low, high = _NAN, _NAN
    if counts is not None and len(counts):
        low, high = _interval(pairs, wrong, counts, confidence)
    ties = float((pairs.differences == 0).mean())
    return ErrorRate(len(wrong), float(wrong.mean()), ties, low, high)


def _interval(
    pairs: PairDifferences, wrong: Floats, counts: Floats, confidence: float
) -> tuple[float, float]:
    """
    Return the bootstrap interval over prompts.

    If no pair or every pair is wrong, that is so in every resample, and the bootstrap has no width.
    There it is Wilson's interval, with the side that has fewer prompts as the sample.
    """
    prompts = min(len(np.unique(pairs.first)), len(np.unique(pairs.second)))
    if prompts < 2:
        return _NAN, _NAN
    if wrong.all() or not wrong.any():
        return wilson_interval(prompts if wrong.all() else 0, prompts, confidence)
    return interval(_resampled(pairs, wrong, counts), confidence)


def _resampled(pairs: PairDifferences, wrong: Floats, counts: Floats) -> Floats:
    """Return the error rate of every resample."""
    if (pairs.first == pairs.second).all():
        # Every pair is of one prompt: sum over the pairs of a prompt once, not in every resample.
        prompts = counts.shape[1]
        errors = np.bincount(pairs.first, wrong, prompts)
        totals = np.bincount(pairs.first, minlength=prompts).astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.asarray((counts @ errors) / (counts @ totals))
    rates = np.empty(len(counts))
    for row, drawn in enumerate(counts):
        weights = pair_counts(drawn, pairs.first, pairs.second)
        total = weights.sum()
        rates[row] = weights @ wrong / total if total else np.nan
    return rates


def pair_counts(drawn: Floats, first: Indices, second: Indices) -> Floats:
    """
    Return how often each pair occurs in a resample, given how often each prompt was drawn.

    A pair of completions of two prompts occurs as often as the product of their counts.
    """
    return np.where(first == second, drawn[first], drawn[first] * drawn[second])


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """The error rates over a selection of the pairs."""

    response_class: str | None
    """None for all classes together."""
    pairs: str
    """``all``, ``ideal`` (pairs with a completion of the best label), or ``worse: LABEL``."""
    rates: Mapping[RewardKind, ErrorRate]


def error_rows(
    parts: Sequence[RewardParts],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[ErrorRow]:
    """Return the error rates of all classes together, and of each class by its worse label."""
    digests = _prompt_numbers(parts)
    counts = resample_counts(tuple(digests), resamples, seed)
    rows = [
        _row(None, name, [(each, mask) for each, mask in chosen], digests, counts, confidence)
        for name, chosen in (
            ("all", [(each, None) for each in parts]),
            ("ideal", [(each, _with_best(each.data)) for each in parts]),
        )
    ]
    for each in parts:
        selections: list[tuple[str, Mask | None]] = [
            ("all", None),
            ("ideal", _with_best(each.data)),
        ]
        worse = each.data.labels[each.data.pairs.worse]
        for position, label in enumerate(each.data.ordering.labels):
            if (worse == position).any():
                selections.append((f"worse: {label}", worse == position))
        for name, mask in selections:
            rows.append(
                _row(each.data.response_class, name, [(each, mask)], digests, counts, confidence)
            )
    return rows


def _prompt_numbers(parts: Sequence[RewardParts]) -> dict[str, int]:
    """Number the prompts over all classes, since one prompt may occur in several."""
    numbers: dict[str, int] = {}
    for each in parts:
        for digest in each.data.prompt_digests:
            numbers.setdefault(digest, len(numbers))
    return numbers


def _with_best(data: ClassComparisons) -> Mask:
    best = data.ordering.best
    is_best = np.array([label in best for label in data.ordering.labels])
    return np.asarray(is_best[data.labels[data.pairs.better]])


def _row(
    response_class: str | None,
    name: str,
    chosen: Sequence[tuple[RewardParts, Mask | None]],
    digests: Mapping[str, int],
    counts: Floats,
    confidence: float,
) -> ErrorRow:
    rates = {}
    for kind in RewardKind:
        selected = [_renumbered(each, kind, mask, digests) for each, mask in chosen]
        together = PairDifferences(
            np.concatenate([each.differences for each in selected]),
            np.concatenate([each.first for each in selected]),
            np.concatenate([each.second for each in selected]),
        )
        rates[kind] = error_rate(together, counts, confidence)
    return ErrorRow(response_class, name, rates)


def _renumbered(
    part: RewardParts, kind: RewardKind, mask: Mask | None, digests: Mapping[str, int]
) -> PairDifferences:
    """Return the differences of a class's pairs, with prompts numbered over all classes."""
    pairs = pair_differences(part.data, reward_differences(part.data, part.rewards[kind]), mask)
    numbers = np.array([digests[digest] for digest in part.data.prompt_digests], dtype=np.intp)
    return PairDifferences(pairs.differences, numbers[pairs.first], numbers[pairs.second])
