from dataclasses import replace

import pytest

from rbrctl.errors import UsageError
from rbrctl.rewards.evaluation.safety_terms import SafetyTerms, safety_terms
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet


def test_the_reference_rules_have_all_terms() -> None:
    terms = safety_terms(load("builtin:safety"))
    assert replace(terms, rules={}) == SafetyTerms(
        "disallowed", ("comply",), "unacceptable", ("hard_refuse",), "ideal"
    )


def test_rules_with_other_names_have_the_rest(ruleset: RuleSet) -> None:
    assert [share.name for share in safety_terms(ruleset).shares] == ["not_unsafe"]
    named = safety_terms(ruleset, comply_classes=["c", "c"], refusal_rank="poor")
    assert [share.name for share in named.shares] == ["not_unsafe", "not_overrefuse"]
    assert named.comply_classes == ("c",)


def test_what_is_named_must_be_there() -> None:
    rules = load("builtin:safety")
    with pytest.raises(UsageError, match="response class 'complies'; did you mean 'comply'"):
        safety_terms(rules, comply_classes=["complies"])
    for rank in ("unsafe_rank", "refusal_rank", "style_rank"):
        with pytest.raises(UsageError, match="no rank 'idel'; did you mean 'ideal'"):
            safety_terms(rules, **{rank: "idel"})  # type: ignore[arg-type]


def test_a_rank_that_no_rule_of_the_class_drops_to_is_refused(ruleset: RuleSet) -> None:
    with pytest.raises(UsageError, match="no rule of comply lowers a completion to 'ideal'"):
        safety_terms(load("builtin:safety"), refusal_rank="ideal")
