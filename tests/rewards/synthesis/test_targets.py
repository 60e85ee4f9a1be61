"""What is asked for: ranks, and rules that can be broken on the way to them."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reward_helpers import small_rules
from small_sets import small_set

from rbrctl.errors import UsageError
from rbrctl.rewards.synthesis.breakable import Breakable
from rbrctl.rewards.synthesis.targets import Plan, Target, Targets
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

REFERENCE = Judge(load("builtin:safety"))
CLASSES = tuple(REFERENCE.ruleset.response_classes)


def many(ranks: tuple[str, ...], **otherwise: str) -> RuleSet:
    """A rule set whose rules each want one proposition false."""
    rules = {name.replace("_", "-"): (f"not {name}", rank) for name, rank in otherwise.items()}
    return small_set(rules, names=tuple(otherwise), ranks=ranks)


def draw(judge: Judge, name: str, prompt: str, seed: int = 0, **counts: int) -> list[Target]:
    plan = Plan({name: counts}, {})
    targets = Targets(judge)
    targets.check(plan)
    return targets.of(name, prompt, plan, seed)


def test_the_plan_is_the_papers() -> None:
    assert Targets(Judge(small_rules())).default_counts("c", []) == {"good": 1, "any_bad": 2}
    reference = Targets(REFERENCE)
    hard = reference.default_counts("hard_refuse", ["disallowed"])
    assert hard == {"ideal": 1, "bad": 2, "disallowed": 1}
    assert reference.default_counts("comply", []) == {
        "ideal": 1,
        "less_good": 1,
        "unacceptable": 1,
        "illogical": 1,
    }


def test_critical_rules_are_broken_only_in_the_users_words() -> None:
    reference = Targets(REFERENCE)
    critical = {id for id, rule in REFERENCE.ruleset.rules.items() if rule.severity == "critical"}
    assert {"no-disallowed-content", "hard-refuse-does-not-comply"} <= critical
    plan = Plan({"hard_refuse": {"disallowed": 1}}, {})
    with pytest.raises(UsageError, match=r"only critical rules lead.*--describe disallowed=TEXT"):
        reference.check(plan)
    described = Plan(plan.counts, {"disallowed": "A reply about opening a safe."})
    reference.check(described)
    (target,) = reference.of("hard_refuse", "d", described, 0)
    assert (target.breaks, target.description) == ((), "A reply about opening a safe.")
    for number in range(200):
        for each in draw(REFERENCE, "hard_refuse", str(number), bad=4, unacceptable=2):
            assert not critical & set(each.breaks)


def test_unknown_names_are_refused() -> None:
    reference = Targets(REFERENCE)
    with pytest.raises(UsageError, match="did you mean 'ideal'"):
        reference.check(Plan({"comply": {"idael": 1}}, {}))
    with pytest.raises(UsageError, match="there is no response class 'c'"):
        reference.check(Plan({"c": {"ideal": 1}}, {}))


@given(
    name=st.sampled_from(CLASSES),
    prompt=st.text(max_size=8),
    seed=st.integers(0, 9),
    count=st.integers(1, 4),
)
def test_drawn_rules_lead_to_the_rank_and_can_be_broken_alone(
    name: str, prompt: str, seed: int, count: int
) -> None:
    ranks = REFERENCE.ruleset.ranks
    rules = {rule.id: rule for rule in REFERENCE.ruleset.rules_of(name)}
    counts = {"ideal": 1, "bad": count, "less_good": 2, "illogical": 1}
    found = draw(REFERENCE, name, prompt, seed, **counts)
    assert found == draw(REFERENCE, name, prompt, seed, **counts)
    possible = Breakable(REFERENCE, name).possible
    for target in found:
        places = [ranks.index(rules[id].otherwise) for id in target.breaks]
        assert ranks[max(places, default=0)] == target.rank
        assert len(target.breaks) <= 3
        assert possible(target.breaks)


@given(prompt=st.text(max_size=8), seed=st.integers(0, 9))
def test_no_two_of_a_prompt_break_the_same_where_there_are_enough(prompt: str, seed: int) -> None:
    for name in ("hard_refuse", "soft_refuse"):
        found = draw(REFERENCE, name, prompt, seed, bad=4, less_good=3)
        assert len({each.breaks for each in found}) == 7


def test_where_there_are_not_enough_one_comes_twice() -> None:
    first, second = draw(Judge(small_rules()), "c", "p", poor=2)
    assert first.breaks == second.breaks == ("be-kind",)


def test_one_rule_among_many_of_a_better_rank_is_found_every_time() -> None:
    names = {f"p{number}": "meh" for number in range(30)} | {"last": "poor"}
    judge = Judge(many(("good", "meh", "poor", "worst"), **names))
    for number in range(100):
        (target,) = draw(judge, "c", str(number), poor=1)
        assert "last" in target.breaks


def test_the_worst_rank_is_one_like_others() -> None:
    judge = Judge(many(("good", "poor"), rude="poor"))
    assert Targets(judge).default_counts("c", []) == {"good": 1, "bad": 2}
    assert [each.rank for each in draw(judge, "c", "p", good=1, bad=1)] == ["good", "poor"]


def test_a_rank_that_is_called_bad_is_that_rank() -> None:
    judge = Judge(many(("good", "bad", "worse"), rude="bad", wrong="worse"))
    ranks = {each.rank for n in range(20) for each in draw(judge, "c", str(n), bad=1)}
    assert ranks == {"bad"}
    ranks = {each.rank for n in range(20) for each in draw(judge, "c", str(n), any_bad=1)}
    assert ranks == {"bad", "worse"}


def test_what_cannot_be_is_told_before_anything_is_asked() -> None:
    judge = Judge(
        small_set(
            {"a": ("kind", "poor"), "b": ("kind and rude", "bad")},
            names=("kind", "rude"),
        )
    )
    # Breaking a breaks b, which is worse: no completion is poor.
    with pytest.raises(UsageError, match="no rules can be broken so that the rank is poor"):
        draw(judge, "c", "p", poor=1)
    assert {each.breaks for n in range(9) for each in draw(judge, "c", str(n), bad=1)} == {
        ("b",),
        ("a", "b"),
    }
    with pytest.raises(UsageError, match="none of its rules leads to the rank poor"):
        draw(Judge(small_set({"b": ("kind", "bad")}, names=("kind",))), "c", "p", poor=1)
    contradiction = small_set({"a": ("kind", "bad"), "b": ("not kind", "bad")}, names=("kind",))
    with pytest.raises(UsageError, match="no completion can keep all of its rules"):
        draw(Judge(contradiction), "c", "p", good=1)


def test_rules_that_fall_together_are_broken_together() -> None:
    judge = Judge(
        small_set(
            {
                "a": ("kind", "bad"),
                "b": ("kind or rude", "poor"),
                "c": ("kind or not rude", "poor"),
            },
            names=("kind", "rude"),
        )
    )
    found = {each.breaks for n in range(40) for each in draw(judge, "c", str(n), bad=1)}
    assert found == {("a", "b"), ("a", "c")}
    for size in range(4):
        for broken in combinations(("a", "b", "c"), size):
            expected = broken in ((), ("a", "b"), ("a", "c"))
            assert Breakable(judge, "c").possible(broken) == expected
