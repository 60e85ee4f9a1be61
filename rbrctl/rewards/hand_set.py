"""Hand-set weights, the yardstick that fitted ones are measured by."""

from collections.abc import Mapping

from rbrctl.rewards.comparisons.orderings import DEFAULT_MARGIN
from rbrctl.rewards.features import RULES_KEPT
from rbrctl.ruleset.model import RuleSet

BY_RANK = "ranks"
BY_RULES = "rules-kept"
PRESETS = (BY_RANK, BY_RULES)


def preset_weights(name: str, ruleset: RuleSet) -> Mapping[str, float]:
    """
    Give the weights of a preset, by feature, the same for every response class.

    ``ranks`` gives the probability of each rank a weight that falls evenly from 1 for the best to
    0 for the worst; ``rules-kept`` is the share of the class's rules that hold (AutoRule, Wang and
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
    Give the weights that would be right if every answer were certain: on the ranks alone.

    The worst rank gets 0 and each better one ``margin`` more; or the ranks get their ``levels``,
    where these are levels of ranks.
    """
    if levels and set(levels) == set(ruleset.ranks):
        return dict(levels)
    steps = len(ruleset.ranks) - 1
    return {rank: margin * (steps - place) for place, rank in enumerate(ruleset.ranks)}
