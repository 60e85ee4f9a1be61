"""Rewards split by their source, and how they are distributed over the completions of each rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.pairs.compare import ClassComparisons

BINS = 40


class RewardKind(StrEnum):
    """Which part of the reward is looked at."""

    REWARD_MODEL = "reward model"
    RULES = "rules"
    BOTH = "both"
    """The sum of the two, which a trainer uses."""


@dataclass(frozen=True, slots=True)
class RewardParts:
    """The rewards of one class's completions, by kind."""

    data: ClassComparisons
    rewards: Mapping[RewardKind, Floats]


def reward_parts(data: ClassComparisons, weights: Mapping[str, float]) -> RewardParts:
    """Return every completion's reward, split into what the model and what the rules give."""
    vector = np.array([weights.get(name, 0.0) for name in data.features])
    rules = np.asarray(data.values @ vector)
    return RewardParts(
        data,
        {
            RewardKind.REWARD_MODEL: data.rm_scores,
            RewardKind.RULES: rules,
            RewardKind.BOTH: data.rm_scores + rules,
        },
    )


@dataclass(frozen=True, slots=True)
class LabelDistribution:
    """The centred rewards of the completions of one label in one class."""

    response_class: str
    label: str
    count: int
    mean: float
    deviation: float
    histogram: tuple[int, ...]
    """Counts in the bins of ``Distribution.edges``; the outer bins include what lies beyond."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Histograms of rewards over the same bins."""

    kind: RewardKind
    edges: tuple[float, ...]
    rows: tuple[LabelDistribution, ...]


def distribution(
    parts: Sequence[RewardParts], kind: RewardKind = RewardKind.BOTH, bins: int = BINS
) -> Distribution:
    """
    Return histograms of the centred rewards, by class and label.

    A reward is centred by subtracting the mean of its group (its prompt, where prompts are
    compared), since only differences within a group matter in training. The bins reach from the
    1st to the 99th percentile.
    """
    centred = [_centred(each, kind) for each in parts]
    everything = np.concatenate(centred)
    low, high = np.quantile(everything, [0.01, 0.99])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    rows: list[LabelDistribution] = []
    for part, values in zip(parts, centred, strict=True):
        for position, label in enumerate(part.data.ordering.labels):
            chosen = values[part.data.labels == position]
            if len(chosen):
                counts, _ = np.histogram(np.clip(chosen, low, high), edges)
                rows.append(
                    LabelDistribution(
                        part.data.response_class,
                        label,
                        len(chosen),
                        float(chosen.mean()),
                        float(chosen.std()),
                        tuple(int(count) for count in counts),
                    )
                )
    return Distribution(kind, tuple(float(edge) for edge in edges), tuple(rows))


def _centred(part: RewardParts, kind: RewardKind) -> Floats:
    rewards, groups = part.rewards[kind], part.data.groups
    means = np.bincount(groups, rewards) / np.maximum(np.bincount(groups), 1)
    return np.asarray(rewards - means[groups])
