"""How the reward is spread over the completions of each rank."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.evaluation.reward_parts import RewardParts

BINS = 40


@dataclass(frozen=True, slots=True)
class LabelDistribution:
    """The centred rewards of the completions of one label in one class."""

    response_class: str
    label: str
    count: int
    mean: float
    deviation: float
    histogram: tuple[int, ...]
    """Counts over the bins of ``Distribution.edges``; the outer bins take what lies beyond."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Histograms over common bins."""

    kind: str
    """Which reward: ``reward model``, ``rules`` or ``both``."""
    edges: tuple[float, ...]
    rows: tuple[LabelDistribution, ...]


def distribution(
    parts: Sequence[RewardParts], kind: str = "both", bins: int = BINS
) -> Distribution:
    """
    Spread the centred rewards over bins, by class and label.

    A reward is centred by the mean of its group (its prompt, where prompts are compared): only
    differences within a group matter to training. Bins reach from the 1st to the 99th percentile.
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


def _centred(part: RewardParts, kind: str) -> Floats:
    rewards, groups = part.rewards[kind], part.data.groups
    means = np.bincount(groups, rewards) / np.maximum(np.bincount(groups), 1)
    return np.asarray(rewards - means[groups])
