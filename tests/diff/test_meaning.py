from fractions import Fraction

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from small_sets import RANKS, axioms_hold, rank_of, rulesets, small_set
from strategies import NAMES, assignments, truth

from rbrctl.diff.meaning import Relation
from rbrctl.diff.rulesets import compare_rulesets
from rbrctl.ruleset.model import RuleSet


def by_enumeration(old: RuleSet, new: RuleSet) -> tuple[list[dict], list[dict], int]:
    """Give the assignments on which the new side is worse, and better, and how many count."""
    allowed = [a for a in assignments() if axioms_hold(old, a) or axioms_hold(new, a)]
    places = [
        (RANKS.index(rank_of(old, each)), RANKS.index(rank_of(new, each)), each) for each in allowed
    ]
    worse = [each for before, after, each in places if after > before]
    better = [each for before, after, each in places if after < before]
    return worse, better, len(allowed)


def expected_relation(worse: list[dict], better: list[dict]) -> Relation:
    if worse and better:
        return Relation.NEITHER
    if worse:
        return Relation.STRICTER
    return Relation.LAXER if better else Relation.EQUIVALENT


@examples(400)
@given(rulesets(), rulesets())
def test_classes_agree_with_enumeration(old: RuleSet, new: RuleSet) -> None:
    worse, better, allowed = by_enumeration(old, new)
    (found,) = compare_rulesets(old, new).classes
    assert found.relation is expected_relation(worse, better)
    for difference, cases, share in (
        (found.stricter, worse, found.stricter_share),
        (found.laxer, better, found.laxer_share),
    ):
        assert share == pytest.approx(float(Fraction(len(cases), allowed or 1)), abs=1e-15)
        assert (difference is None) == (not cases)
        if difference is not None:
            case = {name: name in difference.true for name in NAMES}
            assert case in cases
            assert len(difference.true) == min(sum(each.values()) for each in cases)
            assert difference.old_rank == rank_of(old, case)
            assert difference.new_rank == rank_of(new, case)
            assert difference.new_broken == tuple(
                id for id, rule in new.rules.items() if not truth(rule.require.expression, case)
            )


@examples(200)
@given(rulesets(), rulesets())
def test_rules_agree_with_enumeration(old: RuleSet, new: RuleSet) -> None:
    for found in compare_rulesets(old, new).rules:
        before = old.rules[found.old_id].require.expression
        after = new.rules[found.id].require.expression
        allowed = [a for a in assignments() if axioms_hold(old, a) or axioms_hold(new, a)]
        tightened = [a for a in allowed if truth(before, a) and not truth(after, a)]
        loosened = [a for a in allowed if truth(after, a) and not truth(before, a)]
        assert found.requirement.relation is expected_relation(tightened, loosened)
        for true, cases in (
            (found.requirement.stricter, tightened),
            (found.requirement.laxer, loosened),
        ):
            assert (true is None) == (not cases)
            if true is not None:
                assert {name: name in true for name in NAMES} in cases
                assert len(true) == min(sum(each.values()) for each in cases)


@examples(50)
@given(rulesets())
def test_a_rule_set_is_equivalent_to_itself(ruleset: RuleSet) -> None:
    comparison = compare_rulesets(ruleset, ruleset)
    assert comparison.is_same
    assert comparison.relation is Relation.EQUIVALENT


@examples(100)
@given(rulesets(), st.permutations(NAMES))
def test_names_that_ask_the_same_are_the_same(ruleset: RuleSet, order: list[str]) -> None:
    names = {name: f"{name}_renamed" for name in order}
    definitions = {name: names[name] for name in NAMES}
    renamed = small_set(
        {id: (rule.require.expression, rule.otherwise) for id, rule in ruleset.rules.items()},
        [axiom.body.expression for axiom in ruleset.axioms],
        definitions=definitions,
        names=tuple(names.values()),
    )
    asked = {f"Is it {name}?": name for name in NAMES}
    object.__setattr__(
        renamed,
        "propositions",
        {
            names[old]: ruleset.propositions[old].__class__(
                names[old], ruleset.propositions[old].place, question=question
            )
            for question, old in asked.items()
        },
    )
    comparison = compare_rulesets(ruleset, renamed)
    assert comparison.renamed_propositions == names
    assert comparison.relation is Relation.EQUIVALENT


def test_moving_a_condition_into_a_definition_is_equivalent() -> None:
    old = small_set({"r": ("a and not (b or c)", "bad")})
    new = small_set({"r": ("a and not either", "bad")}, definitions={"either": "b or c"})
    comparison = compare_rulesets(old, new)
    assert comparison.relation is Relation.EQUIVALENT
    (rule,) = comparison.rules
    assert rule.rewritten
    assert not rule.logic_changed
    assert [(each.kind, each.change, each.name) for each in comparison.names] == [
        ("definition", "added", "either")
    ]


def test_an_axiom_that_comes_with_a_change_does_not_hide_it() -> None:
    old = small_set({"r": ("not a", "bad"), "s": ("not b", "poor")})
    new = small_set({"s": ("not b", "poor")}, ["not a"])
    (found,) = compare_rulesets(old, new).classes
    assert found.relation is Relation.LAXER
    assert found.laxer is not None
    assert (found.laxer.true, found.laxer.old_rank, found.laxer.new_rank) == (("a",), "bad", "good")
    assert compare_rulesets(old, new).axioms_added == ("not a",)


def test_an_axiom_of_both_sides_excludes_what_cannot_happen() -> None:
    old = small_set({"r": ("not a", "bad")}, ["a implies b"])
    new = small_set({"r": ("not (a and b)", "bad")}, ["a implies b"])
    assert compare_rulesets(old, new).relation is Relation.EQUIVALENT


def test_past_its_budget_a_proof_is_undecided_and_never_fine() -> None:
    old = small_set({"r": ("(a and b) or (c and d)", "bad")})
    new = small_set({"r": ("(a or b) and (c or d)", "bad")})
    comparison = compare_rulesets(old, new, budget=8)
    assert comparison.relation is Relation.UNDECIDED
    assert comparison.classes[0].note == "the proof needs more than 8 diagram nodes"
    assert comparison.rules[0].requirement.relation is Relation.UNDECIDED
    assert comparison.logic_changed


def test_a_wide_class_needs_no_diagram_of_all_its_names() -> None:
    names = tuple(f"p{i}" for i in range(400))
    rules = {f"r{i}": (f"not p{i} or p{i + 1}", "bad") for i in range(0, 400, 2)}
    old = small_set(rules, names=names)
    new = small_set({id: rule for id, rule in rules.items() if id != "r100"}, names=names)
    (found,) = compare_rulesets(old, new).classes
    assert found.relation is Relation.LAXER
    assert found.laxer is not None
    assert found.laxer.true == ("p100",)
    assert found.laxer_share == pytest.approx(0.75**199 * 0.25, rel=1e-9)
