"""Hand-set weights, the yardstick that fitted weights are measured by."""

from collections.abc import Mapping
from pathlib import Path

from rbrctl.errors import UsageError
from rbrctl.rewards.features import RULES_KEPT
from rbrctl.rewards.pairs.orderings import DEFAULT_MARGIN
from rbrctl.rewards.weights import read_weights
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import did_you_mean

BY_RANK = "ranks"
BY_RULES = "rules-kept"
PRESETS = (BY_RANK, BY_RULES)


def preset_weights(name: str, ruleset: RuleSet) -> Mapping[str, float]:
    """
    Return the weights of a preset by feature, the same for every response class.

    ``ranks`` gives the probability of each rank a weight, from 1 for the best to 0 for the worst in
    equal steps; ``rules-kept`` is the share of the class's rules that hold (AutoRule, Wang and
    Xiong 2025). Raises KeyError for another name.
    """
    if name == BY_RULES:
        return {RULES_KEPT: 1.0}
    if name != BY_RANK:
        raise KeyError(name)
    steps = len(ruleset.ranks) - 1
    return {rank: (steps - place) / steps for place, rank in enumerate(ruleset.ranks)}


def rank_ladder(
    ruleset: RuleSet, margin: float = DEFAULT_MARGIN, levels: Mapping[str, float] | None = None
) -> Mapping[str, float]:
    """
    Return the weights on the ranks alone that would be right if every answer were certain.

    The worst rank has the weight 0 and each better one ``margin`` more. If ``levels`` names every
    rank, the weights are the levels.
    """
    if levels and set(levels) == set(ruleset.ranks):
        return dict(levels)
    steps = len(ruleset.ranks) - 1
    return {rank: margin * (steps - place) for place, rank in enumerate(ruleset.ranks)}


def hand_set_weights(preset_or_file: str, ruleset: RuleSet) -> dict[str, Mapping[str, float]]:
    """
    Return the weights of a preset or of a weights file, by response class.

    Raises FileError if there is no such file, and UsageError if it is not a weights file or one for
    other rules.
    """
    if preset_or_file in PRESETS:
        return {name: preset_weights(preset_or_file, ruleset) for name in ruleset.response_classes}
    if (hint := did_you_mean(preset_or_file, PRESETS)) and not Path(preset_or_file).exists():
        raise UsageError(f"there is no weights file {preset_or_file}; {hint}")
    weights = read_weights(preset_or_file)
    weights.check(ruleset)
    return {name: weights.classes.get(name, {}) for name in ruleset.response_classes}


def judged_features(
    weights: Mapping[str, Mapping[str, float]], ladder: Mapping[str, float]
) -> dict[str, tuple[str, ...]]:
    """Return the features needed to judge weights beside a ladder of ranks, by response class."""
    return {
        name: (*each, *(rank for rank in ladder if rank not in each))
        for name, each in weights.items()
    }
