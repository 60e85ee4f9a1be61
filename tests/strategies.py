"""Hypothesis strategies and brute-force oracles for small rule sets, shared by the tests."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from rbrctl.ruleset.expressions import (
    And,
    Expression,
    Implies,
    Name,
    Not,
    Or,
    evaluate,
    parse,
    tokenize,
    unparse,
)
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import (
    Axiom,
    Definition,
    Expectation,
    Proposition,
    ResponseClass,
    Rule,
    RuleSet,
    RuleTest,
    SourcedExpression,
)

NAMES = ("a", "b", "c", "d")
RANKS = ("good", "poor", "bad", "awful")
CLASSES = ("first", "second", "third")


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


def place_of(kind: str, name: object) -> Place:
    """Give a place that tells what stands there, for rule sets that no file was read for."""
    return Place(f"{kind} {name}", 1, 1, 1, 2)


def sourced(expression: Expression, kind: str, name: object) -> SourcedExpression:
    """Wrap an expression as if it had been read from a file, with the place of each word."""
    text = unparse(expression)
    file = place_of(kind, name).file
    places = tuple(
        Place(file, 1, token.offset + 1, 1, token.offset + 1 + len(token.text))
        for token in tokenize(text)
    )
    return SourcedExpression(parse(text), text, Place(file, 1, 1, 1, len(text) + 1), places)


@st.composite
def rulesets(draw: st.DrawFn) -> RuleSet:
    """Draw small sound rule sets: inheritance, definitions, axioms, tests and features included."""
    definitions: dict[str, Definition] = {}
    names = NAMES
    for name in ("x", "y")[: draw(st.integers(0, 2))]:
        body = sourced(draw(expressions(names)), "definition body", name)
        definitions[name] = Definition(name, place_of("definition", name), body)
        names = (*names, name)
    rules = {}
    for number in range(draw(st.integers(0, 6))):
        id = f"r{number}"
        classes = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=2, unique=True))
        require = sourced(draw(expressions(names)), "require", id)
        rank = draw(st.sampled_from(RANKS))
        rules[id] = Rule(id, place_of("rule", id), tuple(classes), require, rank)
    axioms = draw(st.lists(expressions(names), max_size=3))
    ruleset = RuleSet(
        name="drawn",
        version="1",
        ranks=RANKS,
        response_classes={
            name: ResponseClass(name, place_of("class", name), extends=extends)
            for name, extends in zip(
                CLASSES, (None, draw(st.sampled_from([None, "first"])), None), strict=True
            )
        },
        propositions={name: Proposition(name, place_of("proposition", name)) for name in NAMES},
        definitions=definitions,
        rules=rules,
        axioms=tuple(Axiom(sourced(each, "axiom", i)) for i, each in enumerate(axioms)),
        features={"first": (draw(st.sampled_from(names)),)} if draw(st.booleans()) else {},
        places={f"ranks.{rank}": place_of("rank", rank) for rank in RANKS},
    )
    tests = [draw(_rule_tests(ruleset, number)) for number in range(draw(st.integers(0, 3)))]
    return replace(ruleset, tests=tuple(tests))


@st.composite
def _rule_tests(draw: st.DrawFn, ruleset: RuleSet, number: int) -> RuleTest:
    response_class = draw(st.sampled_from(CLASSES))
    ids = [rule.id for rule in ruleset.rules_of(response_class)]
    some = st.lists(st.sampled_from(ids), unique=True).map(tuple) if ids else st.just(())
    return RuleTest(
        name=draw(st.sampled_from(["one", "two", "three"])),
        place=place_of("test", number),
        response_class=response_class,
        given=draw(st.dictionaries(st.sampled_from(NAMES), st.booleans())),
        expect=Expectation(
            rank=draw(st.none() | st.sampled_from(RANKS)),
            breaks=draw(st.none() | some),
            keeps=draw(st.none() | some),
        ),
        places={"given": place_of("given", number)},
    )
