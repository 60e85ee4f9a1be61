"""The weights of ``--fixed``: a preset's, or those of a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rbrctl.errors import UsageError
from rbrctl.wording import did_you_mean

if TYPE_CHECKING:
    from rbrctl.ruleset.model import RuleSet


def hand_set_weights(fixed: str, ruleset: "RuleSet") -> dict[str, Mapping[str, float]]:
    """Give them by response class. Raises UsageError and FileError."""
    from rbrctl.rewards.hand_set import PRESETS, preset_weights
    from rbrctl.rewards.weights_file import read_weights

    if fixed in PRESETS:
        return {name: preset_weights(fixed, ruleset) for name in ruleset.response_classes}
    if (hint := did_you_mean(fixed, PRESETS)) and not Path(fixed).exists():
        raise UsageError(f"--fixed {fixed}: there is no such file; {hint}")
    weights = read_weights(fixed)
    weights.check(ruleset)
    return {name: weights.classes.get(name, {}) for name in ruleset.response_classes}


def judged_features(
    weights: Mapping[str, Mapping[str, float]], ladder: Mapping[str, float]
) -> dict[str, tuple[str, ...]]:
    """Give each class's features, and the ranks, by which weights are judged beside them."""
    return {
        name: (*each, *(rank for rank in ladder if rank not in each))
        for name, each in weights.items()
    }
