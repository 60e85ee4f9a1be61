"""The check before reinforcement learning: does the reward put better completions above worse?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.comparisons.compare import ClassComparisons, wins_of
from rbrctl.rewards.evaluation.error_rates import ErrorRate, Margins, error_rate, margins_of
from rbrctl.rewards.evaluation.reward_parts import KINDS, RewardParts
from rbrctl.rewards.splits import resample_counts


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """The error rates of some of the pairs."""

    response_class: str | None
    """None for all classes together."""
    pairs: str
    """``all``, ``ideal`` (pairs with a completion of the best label), or ``worse: LABEL``."""
    rates: Mapping[str, ErrorRate]
    """By kind of reward: the reward model alone, the rules alone, both."""


def error_rows(
    parts: Sequence[RewardParts],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[ErrorRow]:
    """Compute the error rates of all classes together, and of each class by its worse label."""
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
    for kind in KINDS:
        margins = [_renumbered(each, kind, mask, digests) for each, mask in chosen]
        together = Margins(
            np.concatenate([each.wins for each in margins]),
            np.concatenate([each.first for each in margins]),
            np.concatenate([each.second for each in margins]),
        )
        rates[kind] = error_rate(together, counts, confidence)
    return ErrorRow(response_class, name, rates)


def _renumbered(
    part: RewardParts, kind: str, mask: Mask | None, digests: Mapping[str, int]
) -> Margins:
    """Number prompts over all classes, since one prompt may stand in several."""
    margins = margins_of(part.data, wins_of(part.data, part.rewards[kind]), mask)
    numbers = np.array([digests[digest] for digest in part.data.prompt_digests], dtype=np.intp)
    return Margins(margins.wins, numbers[margins.first], numbers[margins.second])
