import pytest

from rbrctl.rewards.features import RULES_KEPT
from rbrctl.rewards.hand_set import preset_weights, rank_ladder
from rbrctl.ruleset.model import RuleSet


def test_ranks_fall_evenly_from_one_to_nothing(ruleset: RuleSet) -> None:
    assert preset_weights("ranks", ruleset) == {"good": 1.0, "poor": 0.5, "bad": 0.0}


def test_the_share_of_rules_kept_is_a_weight_of_one(ruleset: RuleSet) -> None:
    assert preset_weights("rules-kept", ruleset) == {RULES_KEPT: 1.0}


def test_there_is_no_other_preset(ruleset: RuleSet) -> None:
    with pytest.raises(KeyError):
        preset_weights("rank", ruleset)


def test_the_ladder_has_a_margin_a_rank_or_the_ranks_levels(ruleset: RuleSet) -> None:
    assert rank_ladder(ruleset, 0.5) == {"good": 1.0, "poor": 0.5, "bad": 0.0}
    levels = {"good": 4.0, "poor": 1.0, "bad": -1.0}
    assert rank_ladder(ruleset, 0.5, levels) == levels
    # Levels of other labels say nothing of ranks.
    assert rank_ladder(ruleset, 1.0, {"good": 4.0}) == {"good": 2.0, "poor": 1.0, "bad": 0.0}
