"""Best of n: what drawing n completions and keeping the one with the highest reward gains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Mask
from rbrctl.rewards.evaluation.reward_parts import RewardKind, RewardParts
from rbrctl.rewards.function import TIE
from rbrctl.rewards.pairs.compare import ClassComparisons
from rbrctl.rewards.splits import interval, resample_counts
from rbrctl.statistics.intervals import wilson_interval

LARGEST_N = 64


@dataclass(frozen=True, slots=True)
class BestOf:
    """How often the completion with the highest reward has the best label."""

    response_class: str | None
    """None for all classes together."""
    kind: RewardKind
    """Which reward chooses the completion."""
    prompts: int
    shares: Mapping[int, float]
    """n -> share of prompts; for n = 1 it is the share of completions with the best label."""
    low: float
    high: float
    """Interval over prompts of the share for the largest n; NaN if there is only one prompt."""


@dataclass(frozen=True, slots=True)
class _Chances:
    """For each group and n, the probability that the kept completion has the best label."""

    prompts: tuple[str, ...]
    """The digest of each group's prompt."""
    values: Floats
    """Groups by numbers n."""


def best_of_rows(
    parts: Sequence[RewardParts], resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> list[BestOf]:
    """
    Return the shares for n = 1, 2, 4 and so on, for all classes together and for each class.

    The shares are exact, not sampled: the mean over all subsets of n completions of a prompt, and
    over ties. The largest n is the largest power of two such that at least half of the prompts with
    several completions have n of them; prompts with fewer are left out. The list is empty if no
    prompt has several completions.
    """
    sizes = [size for part in parts for size in _group_sizes(part.data) if size > 1]
    if not sizes:
        return []
    numbers = _numbers(sizes)
    chances = {
        (part.data.response_class, kind): _chances(part, kind, numbers)
        for part in parts
        for kind in RewardKind
    }
    classes = [part.data.response_class for part in parts]
    chosen: list[tuple[str | None, list[str]]] = [(None, classes)] if len(classes) > 1 else []
    chosen += [(name, [name]) for name in classes]
    rows = []
    for name, members in chosen:
        for kind in RewardKind:
            together = [chances[member, kind] for member in members]
            prompts = tuple(prompt for each in together for prompt in each.prompts)
            if prompts:
                values = np.vstack([each.values for each in together])
                drawn = _Chances(prompts, values)
                low, high = _interval(drawn, resamples, confidence, seed)
                shares = dict(zip(numbers, values.mean(axis=0).tolist(), strict=True))
                rows.append(BestOf(name, kind, len(set(prompts)), shares, low, high))
    return rows


def chances_of_winning(rewards: Sequence[float] | Floats, number: int) -> Floats:
    """
    Return each completion's probability of being the best of ``number`` drawn without replacement.

    Of several equal rewards each is kept with the same probability.
    """
    count = len(rewards)
    _, place, equal = np.unique(rewards, return_inverse=True, return_counts=True)
    # within[k] is the probability that all that are drawn are among the k lowest:
    # C(k, number) / C(count, number).
    within = np.ones(count + 1)
    for drawn in range(number):
        within *= np.maximum(np.arange(count + 1) - drawn, 0) / (count - drawn)
    up_to = within[np.cumsum(equal)]
    below = np.r_[0.0, up_to[:-1]]
    return np.asarray(((up_to - below) / equal)[place])


def _group_sizes(data: ClassComparisons) -> list[int]:
    return [int(size) for size in np.bincount(data.groups)]


def _numbers(sizes: Sequence[int]) -> list[int]:
    """Return 1, 2, 4 and so on, up to a size that half of the groups reach."""
    reached = sorted(sizes, reverse=True)[(len(sizes) - 1) // 2]
    return [1 << power for power in range(min(LARGEST_N, reached).bit_length())]


def _chances(part: RewardParts, kind: RewardKind, numbers: Sequence[int]) -> _Chances:
    data, rewards = part.data, (part.rewards[kind] / TIE).round() * TIE
    ideal = _has_best_label(data)
    prompts: list[str] = []
    rows: list[list[float]] = []
    order = np.argsort(data.groups, kind="stable")
    for inside in np.split(order, np.cumsum(np.bincount(data.groups))[:-1]):
        if len(inside) >= numbers[-1]:
            prompts.append(data.prompt_digests[data.prompts[inside[0]]])
            good = ideal[inside].astype(np.float64)
            rows.append([float(chances_of_winning(rewards[inside], n) @ good) for n in numbers])
    return _Chances(tuple(prompts), np.array(rows).reshape(len(rows), len(numbers)))


def _has_best_label(data: ClassComparisons) -> Mask:
    best = np.array([label in data.ordering.best for label in data.ordering.labels])
    return np.asarray(best[data.labels])


def _interval(
    chances: _Chances, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """
    Return the bootstrap interval over prompts of the share for the largest n.

    A prompt of several classes is drawn with all of them. If every prompt succeeds or none does,
    that is so in every resample, and Wilson's interval is returned. It is NaN for one prompt.
    """
    prompts = sorted(set(chances.prompts))
    if len(prompts) < 2 or not resamples:
        return float("nan"), float("nan")
    values = chances.values[:, -1]
    share = float(values.mean())
    if min(share, 1 - share) < TIE:
        return wilson_interval(round(share) * len(prompts), len(prompts), confidence)
    number = {prompt: place for place, prompt in enumerate(prompts)}
    places = np.array([number[prompt] for prompt in chances.prompts])
    counts = resample_counts(prompts, resamples, seed)
    totals = counts @ np.bincount(places)
    return interval(counts @ np.bincount(places, values) / totals, confidence)
