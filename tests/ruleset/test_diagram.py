import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import NAMES, assignments, expressions, fillings, partial_assignments, truth

from rbrctl.errors import UndecidedError
from rbrctl.ruleset.diagram import FALSE, TRUE, Diagram
from rbrctl.ruleset.expressions import Implies, Name, evaluate


@given(expressions(), expressions())
def test_equal_functions_are_one_node(left, right):
    diagram = Diagram()
    equal = all(truth(left, each) == truth(right, each) for each in assignments())
    assert (diagram.build(left) == diagram.build(right)) == equal


@given(expressions(), partial_assignments())
def test_value_is_decided_exactly_when_all_fillings_agree(expression, partial):
    diagram = Diagram()
    outcomes = {truth(expression, filling) for filling in fillings(partial)}
    expected = outcomes.pop() if len(outcomes) == 1 else None
    assert diagram.value(diagram.build(expression), partial) == expected


@given(expressions(), partial_assignments())
def test_restricting_fixes_values(expression, partial):
    diagram = Diagram()
    known = {name: value for name, value in partial.items() if value is not None}
    restricted = diagram.restrict(diagram.build(expression), known)
    assert not diagram.support(restricted) & known.keys()
    for filling in fillings(partial):
        assert diagram.value(restricted, filling) == truth(expression, filling)


@given(expressions(), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_probability_is_the_sum_over_assignments(expression, values):
    chances = dict(zip(NAMES, values, strict=True))
    diagram = Diagram()
    expected = sum(
        math.prod(chances[n] if value else 1 - chances[n] for n, value in each.items())
        for each in assignments()
        if truth(expression, each)
    )
    assert diagram.probability(diagram.build(expression), chances) == pytest.approx(
        expected, abs=1e-12
    )


@given(expressions())
def test_support_names_what_the_function_depends_on(expression):
    diagram = Diagram()
    expected = {
        name
        for name in NAMES
        if any(
            truth(expression, {**each, name: True}) != truth(expression, {**each, name: False})
            for each in assignments()
        )
    }
    assert diagram.support(diagram.build(expression)) == expected


@given(expressions())
def test_the_smallest_model_has_the_fewest_trues(expression):
    diagram = Diagram()
    model = diagram.smallest_model(diagram.build(expression))
    sizes = [sum(each.values()) for each in assignments() if truth(expression, each)]
    if not sizes:
        assert model is None
    else:
        assert model is not None
        assert sum(model.values()) == min(sizes)
        assert all(evaluate(expression, filling) for filling in fillings(dict(model)))


def test_thousands_of_variables_need_no_recursion():
    diagram = Diagram()
    node = diagram.conjunction(diagram.variable(f"p{i}") for i in range(5_000))
    assert diagram.value(node, {"p4999": False}) is False
    assert len(diagram.support(node)) == 5_000


def test_past_the_budget_it_is_undecided():
    diagram = Diagram(budget=1_000)
    pairs = [Implies(Name(f"x{i}"), Name(f"y{i}")) for i in range(20)]
    for i in range(20):
        diagram.variable(f"x{i}")
    with pytest.raises(UndecidedError, match="1,000"):
        diagram.conjunction(diagram.build(pair) for pair in pairs)


def test_constants_of_nothing():
    diagram = Diagram()
    assert diagram.conjunction([]) == TRUE
    assert diagram.disjunction([]) == FALSE
