"""Proofs about wide expressions: their work, counted in diagram nodes, grows with their width."""

from itertools import pairwise

import pytest

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.redundant_part import redundant_parts
from rbrctl.ruleset.loader import load

WIDTH = 400
NAMES = [f"p{number}" for number in range(WIDTH)]
SHAPES = {
    "and": " and ".join(NAMES),
    "or": " or ".join(f"not {name}" for name in NAMES),
    "groups": " and ".join(f"({a} or {b})" for a, b in zip(NAMES[::2], NAMES[1::2], strict=True)),
    "shared": " and ".join(f"(p0 or not {name})" for name in NAMES[1:]),
    "ladder": " and ".join(f"({a} implies {b})" for a, b in pairwise(NAMES)),
}


def context_of(tmp_path, require: str, axioms: tuple[str, ...] = ()) -> CheckContext:
    lines = ["rbrctl: 1", "name: wide", "version: '1'", "ranks: [good, bad]"]
    lines += ["response_classes: {all: {}}", "propositions:"]
    lines += [f"  {name}: {{question: Is it {name}?}}" for name in NAMES]
    if axioms:
        lines += ["axioms:", *(f"  - {axiom}" for axiom in axioms)]
    lines += ["rules:", f"  one: {{response_classes: [all], require: {require}, otherwise: bad}}"]
    path = tmp_path / "ruleset.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return CheckContext(load(path))


def parts_found(context: CheckContext) -> list[str]:
    rule = context.ruleset.rules["one"]
    node = context.logic.requirements["one"]
    return [str(part) for part, _ in redundant_parts(context, rule.require.expression, node)]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_function_of_many_operands_is_built_for_each_operand(tmp_path, shape):
    context = context_of(tmp_path, SHAPES[shape])
    before = context.diagram.size
    assert parts_found(context) == []
    # The negation of the whole, and a few nodes for each operand.
    assert context.diagram.size - before < 20 * WIDTH


def test_the_one_part_that_an_axiom_makes_redundant_is_found_among_many(tmp_path):
    context = context_of(tmp_path, SHAPES["and"], ("p7 implies p300",))
    (found,) = parts_found(context)
    assert "'p300'" in found


def test_repeated_and_implied_parts_are_found_together(tmp_path):
    context = context_of(tmp_path, " and ".join(["p0", "p0", *(f"(p0 or {n})" for n in NAMES[1:])]))
    assert len(parts_found(context)) == WIDTH
    assert context.axioms.model(context.logic.requirements["one"]) is not None
