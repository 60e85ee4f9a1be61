"""Rewards taken apart: what the reward model gives, and what the rules give."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats
from rbrctl.rewards.comparisons.compare import ClassComparisons

KINDS = ("reward model", "rules", "both")


@dataclass(frozen=True, slots=True)
class RewardParts:
    """The rewards of one class's completions, by kind."""

    data: ClassComparisons
    rewards: Mapping[str, Floats]


def reward_parts(data: ClassComparisons, weights: Mapping[str, float]) -> RewardParts:
    """Split every completion's reward into what the model and what the rules give."""
    vector = np.array([weights.get(name, 0.0) for name in data.features])
    rules = np.asarray(data.values @ vector)
    return RewardParts(
        data, {"reward model": data.rm_scores, "rules": rules, "both": data.rm_scores + rules}
    )
