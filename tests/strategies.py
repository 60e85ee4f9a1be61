"""Hypothesis strategies and brute-force oracles for small rule sets, shared by the tests."""

import itertools
from collections.abc import Iterator

from hypothesis import strategies as st

from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or, evaluate

NAMES = ("a", "b", "c", "d")


def expressions(names: tuple[str, ...] = NAMES) -> st.SearchStrategy[Expression]:
    """Draw expressions over ``names`` as trees that parsing gives (no And directly in an And)."""

    def extend(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        operands = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            inner.map(Not), operands.map(And), operands.map(Or), st.builds(Implies, inner, inner)
        )

    return st.recursive(st.sampled_from(names).map(Name), extend, max_leaves=6).map(flatten)


def flatten(expression: Expression) -> Expression:
    """Merge an And into the And around it, and an Or likewise, as the parser does not do."""
    match expression:
        case Name():
            return Name(expression.name)
        case Not(operand):
            return Not(flatten(operand))
        case Implies(premise, conclusion):
            return Implies(flatten(premise), flatten(conclusion))
        case And(operands) | Or(operands):
            kind = type(expression)
            merged: list[Expression] = []
            for operand in map(flatten, operands):
                merged.extend(operand.operands if isinstance(operand, kind) else [operand])
            return kind(tuple(merged))


def assignments(names: tuple[str, ...] = NAMES) -> Iterator[dict[str, bool]]:
    """Give every assignment of ``names``."""
    for values in itertools.product((False, True), repeat=len(names)):
        yield dict(zip(names, values, strict=True))


def fillings(
    partial: dict[str, bool | None], names: tuple[str, ...] = NAMES
) -> Iterator[dict[str, bool]]:
    """Give every way to fill the unknowns of a partial assignment."""
    for full in assignments(names):
        if all(partial.get(name) in (None, full[name]) for name in names):
            yield full


def truth(expression: Expression, assignment: dict[str, bool]) -> bool:
    """Evaluate under a whole assignment."""
    value = evaluate(expression, assignment)
    assert value is not None
    return value


def partial_assignments() -> st.SearchStrategy[dict[str, bool | None]]:
    """Draw assignments of ``NAMES`` in which some values are unknown."""
    return st.fixed_dictionaries({name: st.sampled_from([None, True, False]) for name in NAMES})
