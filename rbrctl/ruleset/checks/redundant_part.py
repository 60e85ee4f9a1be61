"""
A part of a requirement or definition that could be left out.

Put `true` or `false` in its place, and the whole still has the same value on every assignment that
fits the axioms. Mostly it repeats what stands beside it or what an axiom says; sometimes it was
meant to be something else. The outermost such part is reported, of two that say the same the later,
and all that is reported of one expression can be left out at once.

Fails:

    axioms:
      - fully_complies implies partially_complies
    rules:
      complies:
        response_classes: [comply]
        require: fully_complies and partially_complies
        otherwise: less_good

Passes:

    axioms:
      - fully_complies implies partially_complies
    rules:
      complies:
        response_classes: [comply]
        require: fully_complies and not judgement
        otherwise: less_good
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.diagram import FALSE, TRUE
from rbrctl.ruleset.expression_text import place_of_part, text_of_part
from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or
from rbrctl.ruleset.findings import Finding, Severity
from rbrctl.ruleset.model import SourcedExpression

ID = "redundant-part"
RUNS_LAST = True  # It proves something about every part of every expression.
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the redundant parts of all requirements and definitions that are not constant."""
    whole = context.logic.definitions
    for definition in context.ruleset.definitions.values():
        yield from _in(context, definition.body, whole[definition.name])
    for rule in context.ruleset.rules.values():
        yield from _in(context, rule.require, context.logic.requirements[rule.id])


def _in(context: CheckContext, body: SourcedExpression, node: int) -> Iterator[Finding]:
    if isinstance(body.expression, Name) or context.certain(node) or not context.possible(node):
        return
    for part, _ in redundant_parts(context, body.expression, node):
        yield Finding(
            ID,
            SEVERITY,
            f"'{text_of_part(body, part)}' changes nothing here",
            place_of_part(body, part),
            "leave it out",
        )


def redundant_parts(
    context: CheckContext, expression: Expression, node: int
) -> list[tuple[Expression, bool]]:
    """Yield the redundant parts of an expression, left to right, and what can replace each."""
    search = _Search(context, node)
    search.visit(expression, TRUE, FALSE)
    return search.found[::-1]


class _Search:
    """
    Goes through an expression from right to left, outer parts before inner ones.

    Of each part it knows what the whole is where the part is true, and where it is false. What is
    found redundant counts as replaced in all that follows.
    """

    def __init__(self, context: CheckContext, whole: int) -> None:
        self._context = context
        self._whole = whole
        self.found: list[tuple[Expression, bool]] = []

    def visit(self, part: Expression, where_true: int, where_false: int) -> int:
        """Search below a part that is needed; give what remains of it."""
        diagram = self._context.diagram
        match part:
            case Name():
                return self._context.logic.build(part)
            case Not(operand):
                return diagram.negate(self._operand(operand, where_false, where_true))
            case And(operands):
                return self._operands(
                    operands,
                    diagram.conjunction,
                    lambda others: (diagram.ite(others, where_true, where_false), where_false),
                )
            case Or(operands):
                return self._operands(
                    operands,
                    diagram.disjunction,
                    lambda others: (where_true, diagram.ite(others, where_true, where_false)),
                )
            case Implies(premise, conclusion):
                before = self._context.logic.build(premise)
                otherwise = diagram.ite(before, where_false, where_true)
                after = self._operand(conclusion, where_true, otherwise)
                kept = diagram.ite(after, where_true, where_false)
                return diagram.ite(self._operand(premise, kept, where_true), after, TRUE)

    def _operands(
        self,
        operands: Sequence[Expression],
        join: Callable[[list[int]], int],
        values: Callable[[int], tuple[int, int]],
    ) -> int:
        nodes = [self._context.logic.build(operand) for operand in operands]
        before = list(accumulate(nodes, lambda left, right: join([left, right])))
        after = join([])
        for index in reversed(range(len(operands))):
            others = join([before[index - 1], after]) if index else after
            remaining = self._operand(operands[index], *values(others))
            after = join([remaining, after])
        return after

    def _operand(self, part: Expression, where_true: int, where_false: int) -> int:
        for value, whole in ((True, where_true), (False, where_false)):
            if self._context.equal(whole, self._whole):
                self.found.append((part, value))
                return TRUE if value else FALSE
        return self.visit(part, where_true, where_false)
