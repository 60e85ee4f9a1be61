import math
import random
from itertools import pairwise, product

import pytest
import small_sets
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import NAMES, assignments, expressions, fillings, partial_assignments, truth

from rbrctl.ruleset.expressions import Expression, unparse
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import (
    Axiom,
    Proposition,
    ResponseClass,
    Rule,
    RuleSet,
    SourcedExpression,
)
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState

RANKS = ("good", "poor", "bad")
HERE = Place("x.yaml", 1, 1, 1, 2)


def sourced(expression: Expression) -> SourcedExpression:
    return SourcedExpression(expression, unparse(expression), HERE)


def small_set(rules: list[tuple[Expression, str]], axioms: list[Expression]) -> RuleSet:
    return RuleSet(
        name="small",
        version="1",
        ranks=RANKS,
        response_classes={"c": ResponseClass("c", HERE)},
        propositions={name: Proposition(name, HERE) for name in NAMES},
        definitions={},
        rules={
            f"r{i}": Rule(f"r{i}", HERE, ("c",), sourced(require), otherwise)
            for i, (require, otherwise) in enumerate(rules)
        },
        axioms=tuple(Axiom(sourced(axiom)) for axiom in axioms),
    )


def rank_by_hand(rules: list[tuple[Expression, str]], assignment: dict[str, bool]) -> str:
    broken = [
        RANKS.index(otherwise) for require, otherwise in rules if not truth(require, assignment)
    ]
    return RANKS[max(broken, default=0)]


RULES = st.lists(st.tuples(expressions(), st.sampled_from(RANKS)), max_size=5)


@examples(300)
@given(RULES, partial_assignments())
def test_a_rank_is_reported_exactly_when_every_filling_agrees(rules, partial):
    verdict = Judge(small_set(rules, [])).verdict("c", partial)
    ranks = {rank_by_hand(rules, filling) for filling in fillings(partial)}
    assert verdict.rank == (ranks.pop() if len(ranks) == 1 else None)
    for i, (require, _) in enumerate(rules):
        outcomes = {truth(require, filling) for filling in fillings(partial)}
        expected = {
            (True,): RuleState.HELD,
            (False,): RuleState.BROKEN,
        }.get(tuple(outcomes), RuleState.UNDETERMINED)
        assert verdict.rules[f"r{i}"] == expected


@examples(200)
@given(
    RULES,
    st.lists(expressions(), max_size=2),
    st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4),
)
def test_rank_probabilities_are_conditioned_on_the_axioms(rules, axioms, values):
    chances = dict(zip(NAMES, values, strict=True))
    mass = dict.fromkeys(RANKS, 0.0)
    for each in assignments():
        if all(truth(axiom, each) for axiom in axioms):
            weight = math.prod(chances[n] if value else 1 - chances[n] for n, value in each.items())
            mass[rank_by_hand(rules, each)] += weight
    total = sum(mass.values())
    found = Judge(small_set(rules, axioms)).rank_probabilities("c", chances)
    if total < 1e-6:
        assert found is None
    else:
        assert found == pytest.approx({rank: m / total for rank, m in mass.items()}, abs=1e-9)


@given(st.lists(expressions(), max_size=3), partial_assignments())
def test_axioms_broken_are_those_that_no_filling_mends(axioms, partial):
    broken = Judge(small_set([], axioms)).axioms_broken(partial)
    expected = tuple(
        unparse(axiom)
        for axiom in axioms
        if not any(truth(axiom, filling) for filling in fillings(partial))
    )
    assert broken == expected


def test_axioms_change_no_verdict():
    from rbrctl.ruleset.expressions import Implies, Name, Not

    ruleset = small_set([(Not(Name("a")), "bad")], [Implies(Name("b"), Name("a"))])
    for a, b in product((True, False), repeat=2):
        assert Judge(ruleset).verdict("c", {"a": a, "b": b}).rank == ("bad" if a else "good")
    assert Judge(ruleset).verdict("c", {"b": True}).rank is None


def test_rank_probabilities_need_every_answer_that_the_rules_need():
    from rbrctl.ruleset.expressions import Name

    ruleset = small_set([(Name("a"), "bad")], [Name("b")])
    assert Judge(ruleset).rank_probabilities("c", {"b": 0.5}) is None
    assert Judge(ruleset).rank_probabilities("c", {"a": 0.25}) == pytest.approx(
        {"good": 0.25, "poor": 0.0, "bad": 0.75}
    )


def tangles(size: int) -> tuple[tuple[str, ...], str, str]:
    """Give many names, and two expressions over all of them that share no structure."""
    names = tuple(f"n{number}" for number in range(size))
    steps = " or ".join(f"({left} and not {right})" for left, right in pairwise(names))
    halves = zip(names[: size // 2], names[size // 2 :], strict=True)
    return names, steps, " or ".join(f"({left} and {right})" for left, right in halves)


def test_a_stream_of_partial_answers_does_not_fill_the_diagram():
    names, steps, _ = tangles(60)
    rules = {"r": (steps, "bad"), "s": (f"not ({steps})", "bad")}
    judge = Judge(small_sets.small_set(rules, names=names))
    size = judge.logic.diagram.size
    draw = random.Random(0)
    for _ in range(50):
        partial = {f"n{number}": draw.random() < 0.5 for number in draw.sample(range(60), 30)}
        assert judge.verdict("c", partial).rank == "bad"
    assert judge.logic.diagram.size == size


def test_what_is_too_entangled_is_undetermined_and_has_no_probabilities(monkeypatch):
    monkeypatch.setattr("rbrctl.ruleset.verdict.DEFAULT_BUDGET", 10)
    names, steps, halves = tangles(16)
    rules = {"r": (steps, "bad"), "s": (halves, "bad")}
    judge = Judge(small_sets.small_set(rules, names=names))
    assert judge.verdict("c", {"n3": True}).rank is None
    assert judge.rank_probabilities("c", dict.fromkeys(judge.dependencies("c"), 0.5)) is None
    whole = dict.fromkeys(judge.dependencies("c"), False)
    assert judge.verdict("c", whole).rank == "bad"
