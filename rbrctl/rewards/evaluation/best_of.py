"""Best of n: what a policy gains that draws n completions and keeps the one of highest reward."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.comparisons.compare import ClassComparisons
from rbrctl.rewards.evaluation.reward_parts import KINDS, RewardParts
from rbrctl.rewards.function import TIE
from rbrctl.rewards.splits import interval, resample_counts

MOST = 64


@dataclass(frozen=True, slots=True)
class BestOf:
    """How often the completion of highest reward is one of the best label."""

    response_class: str | None
    """None for all classes together."""
    kind: str
    """Which reward chooses: ``reward model``, ``rules`` or ``both``."""
    prompts: int
    shares: Mapping[int, float]
    """n -> the share of prompts; for n = 1, the share of the completions themselves."""
    low: float
    high: float
    """The bootstrap interval over prompts of the share for the largest n."""


def best_of_rows(
    parts: Sequence[RewardParts], resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> list[BestOf]:
    """
    Compute the shares for n = 1, 2, 4 and so on, for all classes together and for each.

    Exact, not sampled: the mean over all subsets of n completions of a prompt, and over ties. The
    largest n is the largest power of two that half the prompts have completions for; prompts that
    have fewer are left out. Nothing where that is one.
    """
    sizes = [size for part in parts for size in _group_sizes(part.data) if size > 1]
    largest = _largest_power(float(np.median(sizes))) if sizes else 1
    if largest < 2:
        return []
    numbers = [1 << power for power in range(largest.bit_length())]
    successes = {
        (part.data.response_class, kind): _successes(part, kind, numbers)
        for part in parts
        for kind in KINDS
    }
    classes = [part.data.response_class for part in parts]
    chosen: list[tuple[str | None, list[str]]] = [(None, classes)] if len(classes) > 1 else []
    chosen += [(name, [name]) for name in classes]
    rows = []
    for name, members in chosen:
        for kind in KINDS:
            table = np.vstack([successes[member, kind] for member in members])
            if len(table):
                rows.append(_row(name, kind, numbers, table, resamples, confidence, seed))
    return rows


def chances_of_winning(rewards: Sequence[float], number: int) -> list[float]:
    """
    Tell how likely each of N completions is the best of ``number`` drawn without replacement.

    Of equal rewards each is as likely to be kept.
    """
    total = comb(len(rewards), number)
    chances = []
    for reward in rewards:
        below = sum(other < reward for other in rewards)
        equal = sum(other == reward for other in rewards)
        wins = comb(below + equal, number) - comb(below, number)
        chances.append(wins / total / equal)
    return chances


def _group_sizes(data: ClassComparisons) -> Iterable[int]:
    return [int(size) for size in np.bincount(data.groups)]


def _largest_power(limit: float) -> int:
    return 1 << (min(MOST, int(limit)).bit_length() - 1)


def _successes(part: RewardParts, kind: str, numbers: Sequence[int]) -> Floats:
    """Give for each prompt and n the chance that the kept completion is of the best label."""
    data, rewards = part.data, (part.rewards[kind] / TIE).round() * TIE
    ideal = _has_best_label(data)
    rows = []
    for group in range(int(data.groups.max()) + 1):
        inside = np.flatnonzero(data.groups == group)
        if len(inside) < numbers[-1]:
            continue
        values, good = rewards[inside].tolist(), ideal[inside]
        rows.append([float(np.dot(chances_of_winning(values, n), good)) for n in numbers])
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(numbers))


def _has_best_label(data: ClassComparisons) -> Mask:
    best = np.array([label in data.ordering.best for label in data.ordering.labels])
    return np.asarray(best[data.labels])


def _row(
    name: str | None,
    kind: str,
    numbers: Sequence[int],
    successes: Floats,
    resamples: int,
    confidence: float,
    seed: int,
) -> BestOf:
    counts = resample_counts([f"{n:09}" for n in range(len(successes))], resamples, seed)
    low, high = interval(counts @ successes[:, -1] / len(successes), confidence)
    shares = successes.mean(axis=0)
    return BestOf(
        name,
        kind,
        len(successes),
        {number: float(share) for number, share in zip(numbers, shares, strict=True)},
        low,
        high,
    )
