import itertools
from dataclasses import replace

import pytest
from small_sets import small_set, sourced

from rbrctl.errors import UsageError
from rbrctl.rewards.features import RULES_KEPT, FeatureSet, feature_names
from rbrctl.ruleset.expressions import parse
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge


def test_a_class_has_its_propositions_and_the_ranks(judge: Judge) -> None:
    assert feature_names(judge, "c") == ("kind", "rude", "good", "poor", "bad")


def test_the_reference_rules_give_every_proposition_that_they_depend_on() -> None:
    judge = Judge(load("builtin:safety"))
    counts = {
        name: len(feature_names(judge, name)) - len(judge.ruleset.ranks)
        for name in judge.ruleset.response_classes
    }
    assert counts == {"hard_refuse": 14, "soft_refuse": 16, "soft_refuse_request": 17, "comply": 5}


def test_a_rule_set_may_name_propositions_ranks_and_expressions(ruleset: RuleSet) -> None:
    chosen = replace(
        ruleset, features={"c": ("idle", "bad", sourced("kind or idle"), "neutral", "idle")}
    )
    judge = Judge(chosen)
    assert feature_names(judge, "c") == ("idle", "bad", "kind or idle", "neutral")
    features = FeatureSet(judge, "c", feature_names(judge, "c"))
    assert features.propositions == ("kind", "rude", "idle")


def test_a_name_that_a_rank_has_too_is_one_feature() -> None:
    clashing = small_set({"be-kind": ("good", "poor")}, names=("good",))
    judge = Judge(clashing)
    assert feature_names(judge, "c") == ("good", "poor", "bad")
    with pytest.raises(UsageError, match="'good' of c is named twice"):
        FeatureSet(judge, "c", ("good", "bad", "good"))


def test_values_equal_enumeration_given_the_axiom(judge: Judge) -> None:
    p = {"kind": 0.7, "rude": 0.4, "idle": 0.3}
    names = ("kind", "good", "bad", "kind or idle", "neutral", RULES_KEPT)
    values = FeatureSet(judge, "c", names).values(p)
    weights = {}
    for kind, rude, idle in itertools.product((False, True), repeat=3):
        if kind and rude:
            continue
        chance = 1.0
        for name, value in (("kind", kind), ("rude", rude), ("idle", idle)):
            chance *= p[name] if value else 1 - p[name]
        weights[kind, rude, idle] = chance
    total = sum(weights.values())

    def chance_of(index: int) -> float:
        tests = [
            lambda kind, rude, idle: kind and not rude,
            lambda kind, rude, idle: rude,
            lambda kind, rude, idle: kind or idle,
            lambda kind, rude, idle: not kind and not rude,
        ]
        return sum(w for a, w in weights.items() if tests[index](*a)) / total

    assert values is not None
    assert values[0] == 0.7
    assert values[1:5] == pytest.approx([chance_of(index) for index in range(4)])
    assert values[5] == pytest.approx((0.7 + 0.6) / 2)


def test_ranks_sum_to_one(judge: Judge) -> None:
    values = FeatureSet(judge, "c", ("good", "poor", "bad")).values({"kind": 0.9, "rude": 0.2})
    assert values is not None
    assert sum(values) == pytest.approx(1)


def test_a_missing_answer_gives_nothing(judge: Judge) -> None:
    features = FeatureSet(judge, "c", feature_names(judge, "c"))
    assert features.values({"kind": 0.5}) is None


def test_answers_that_contradict_the_axioms_give_nothing(judge: Judge) -> None:
    features = FeatureSet(judge, "c", ("good",))
    assert features.values({"kind": 1.0, "rude": 1.0}) is None


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ("knd", "uses 'knd', which the rule set small does not define; did you mean 'kind'?"),
        ("kind and", "is not an expression"),
    ],
)
def test_an_unknown_feature_is_refused(judge: Judge, feature: str, message: str) -> None:
    with pytest.raises(UsageError, match="the feature") as caught:
        FeatureSet(judge, "c", (feature,))
    assert message in str(caught.value)


def test_unparsed_expressions_come_back_the_same() -> None:
    assert sourced(parse("not (kind or idle)")).text == "not (kind or idle)"
