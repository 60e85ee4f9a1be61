from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_sets import small_set
from strategies import assignments, expressions, truth

from rbrctl.errors import UndecidedError
from rbrctl.ruleset import satisfaction
from rbrctl.ruleset.diagram import Diagram
from rbrctl.ruleset.expressions import And, Implies, Name, Not, Or
from rbrctl.ruleset.logic import RuleLogic
from rbrctl.ruleset.satisfaction import Constraints, minimal_conflict

FUNCTIONS = st.lists(expressions(), max_size=6)


def constraints_of(functions, logic=None):
    logic = logic or RuleLogic(small_set({}))
    nodes = {f"f{number}": logic.build(each) for number, each in enumerate(functions)}
    return logic, Constraints(logic, nodes)


def satisfiable(functions) -> bool:
    return any(all(truth(each, values) for each in functions) for values in assignments())


@pytest.mark.parametrize("retreats", [2_000, 64, 0])
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FUNCTIONS, expressions(), st.sets(st.integers(0, 5)))
def test_a_model_is_found_exactly_where_there_is_one(
    monkeypatch, retreats, functions, assumed, without
):
    monkeypatch.setattr(satisfaction, "MAX_RETREATS", retreats)
    logic, constraints = constraints_of(functions)
    assert constraints.satisfiable == satisfiable(functions)
    rest = [each for number, each in enumerate(functions) if number not in without]
    model = constraints.model(logic.build(assumed), {f"f{number}" for number in without})
    assert (model is not None) == satisfiable([*rest, assumed])
    if model is not None:
        values = {name: model.get(name, False) for name in "abcd"}
        assert all(truth(each, values) for each in [*rest, assumed])


@given(FUNCTIONS)
def test_of_a_conflict_nothing_can_be_spared(functions):
    if satisfiable(functions):
        return
    conflict = minimal_conflict(functions, satisfiable)
    assert not satisfiable(conflict)
    assert all(satisfiable(part) for part in combinations(conflict, len(conflict) - 1))
    positions = iter(functions)
    assert all(each in positions for each in conflict), "the order is kept"


def pigeons(count: int):
    """Give the classic hard case: more pigeons than holes, and no two in one."""
    home = {(p, h): Name(f"p{p}h{h}") for p in range(count) for h in range(count - 1)}
    somewhere = [Or(tuple(home[p, h] for h in range(count - 1))) for p in range(count)]
    apart = [
        Not(And((home[p, h], home[q, h])))
        for h in range(count - 1)
        for p, q in combinations(range(count), 2)
    ]
    return [*somewhere, *apart]


def test_a_hard_case_is_decided_while_it_is_small():
    assert not constraints_of(pigeons(5))[1].satisfiable
    assert constraints_of(pigeons(6)[1:])[1].satisfiable


def test_what_is_too_hard_is_said_to_be_open_and_leaves_nothing_behind():
    logic = RuleLogic(small_set({}))
    functions = pigeons(20)
    for each in functions:
        logic.build(each)
    before = logic.diagram.size
    with pytest.raises(UndecidedError):
        constraints_of(functions, logic)
    assert logic.diagram.size == before


def test_a_long_chain_needs_no_luck():
    names = [Name(f"n{number}") for number in range(400)]
    chain = [Implies(left, right) for left, right in pairwise(names)]
    logic, constraints = constraints_of([*chain, names[0]])
    model = constraints.model()
    assert model is not None
    assert all(model[name.name] for name in names)
    assert constraints.model(logic.build(Not(names[-1]))) is None
    assert constraints.model(logic.build(Not(names[-1])), {"f399"}) is not None


def test_scratch_work_is_forgotten():
    diagram = Diagram()
    kept = diagram.build(And((Name("a"), Name("b"))))
    with diagram.attempt(1_000, keep=False):
        diagram.build(Or((Name("c"), Name("d"), Name("a"))))
    other = diagram.build(Implies(Name("e"), Name("a")))
    assert diagram.support(other) == {"a", "e"}
    assert diagram.build(And((Name("a"), Name("b")))) == kept
    assert diagram.build(Or((Not(Name("e")), Name("a")))) == other
    with pytest.raises(UndecidedError), diagram.attempt(3, keep=True):
        diagram.build(And(tuple(Name(f"x{number}") for number in range(20))))
    assert diagram.value(kept, {"a": True, "b": True}) is True
    with diagram.attempt(1_000, keep=True):
        made = diagram.build(Not(Name("z")))
    assert diagram.support(made) == {"z"}
