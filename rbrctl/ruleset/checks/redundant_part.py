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

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.diagram import TRUE
from rbrctl.ruleset.expression_text import place_of_part, text_of_part
from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or
from rbrctl.ruleset.findings import Finding, Severity
from rbrctl.ruleset.model import SourcedExpression

ID = "redundant-part"
RUNS_LAST = True  # It proves something about every part of every expression.
SEVERITY = Severity.WARNING

Assignment = Mapping[str, bool]


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the redundant parts of all requirements and definitions that are not constant."""
    whole = context.logic.definitions
    for definition in context.ruleset.definitions.values():
        yield from _in(context, definition.body, whole[definition.name])
    for rule in context.ruleset.rules.values():
        yield from _in(context, rule.require, context.logic.requirements[rule.id])


def _in(context: CheckContext, body: SourcedExpression, node: int) -> Iterator[Finding]:
    if isinstance(body.expression, Name):
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
    """
    Return the redundant parts of an expression, left to right, and what can replace each.

    ``node`` is the function of the whole. None of it is redundant if it is constant.
    """
    where_true = context.axioms.model(node)
    where_false = context.axioms.model(context.diagram.negate(node))
    if where_true is None or where_false is None:
        return []
    search = _Search(context)
    search.visit(expression, node, _Witnesses(where_true, where_false))
    return search.found[::-1]


@dataclass(frozen=True, slots=True)
class _Witnesses:
    """Two assignments that fit all demands: one makes a part true, the other makes it false."""

    where_true: Assignment
    where_false: Assignment


class _Search:
    """
    Goes through an expression from right to left, outer parts before inner ones.

    The whole depends on a part only where everything beside the part lets it through: beside an
    operand of ``and`` the others are true, of ``or`` they are false, and so on outwards. These
    demands, which are added to the axioms on the way inwards, are a conjunction, and so a part can
    be replaced by true if and only if nothing fits them and makes it false. One assignment that
    does so proves that the part is needed; the next search starts there, and changes only what
    lets the next operand decide. No function is built of many operands at once, so that the work
    grows with their number and not with its square.

    An operand of ``and`` is never found to be replaceable by false, nor one of ``or`` by true: the
    whole of them would have been. What is found redundant counts as replaced in all that follows.
    """

    def __init__(self, context: CheckContext) -> None:
        self._logic = context.logic
        self._diagram = context.diagram
        self._demands = context.axioms
        self._lifted: set[str] = set()
        """Keys of the demands that do not count now: of parts replaced, or being looked into."""
        self._keys = 0
        self.found: list[tuple[Expression, bool]] = []

    def visit(self, part: Expression, node: int, witnesses: _Witnesses) -> int:
        """Search below a part that is needed, and return the function of what remains of it."""
        negate = self._diagram.negate
        match part:
            case Name():
                return node
            case Not(operand):
                swapped = _Witnesses(witnesses.where_false, witnesses.where_true)
                return negate(self.visit(operand, negate(node), swapped))
            case And(operands):
                wanted = [(operand, True) for operand in operands]
                return self._conjunction(wanted, node, witnesses)
            case Or(operands):
                refused = [(operand, False) for operand in operands]
                opposite = _Witnesses(witnesses.where_false, witnesses.where_true)
                return negate(self._conjunction(refused, negate(node), opposite))
            case Implies(premise, conclusion):
                parts = [(premise, True), (conclusion, False)]
                opposite = _Witnesses(witnesses.where_false, witnesses.where_true)
                return negate(self._conjunction(parts, negate(node), opposite))

    def _conjunction(
        self, parts: list[tuple[Expression, bool]], node: int, witnesses: _Witnesses
    ) -> int:
        """
        Search in parts that are demanded together, each with the value that it is to have.

        Everything but a literal is such a conjunction, or the negation of one. ``node`` is its
        function.
        """
        found_before = len(self.found)
        nodes = [self._as_demanded(self._logic.build(part), value) for part, value in parts]
        keys = [self._new_key() for _ in parts]
        copies = Counter(nodes)
        with self._demands.extended(dict(zip(keys, nodes, strict=True))):
            latest, unfit = witnesses.where_true, ""
            for index in reversed(range(len(parts))):
                (part, value), key = parts[index], keys[index]
                self._lifted.add(key)
                repeated = copies[nodes[index]] > 1
                broken = None if repeated else self._breaking(nodes[index], latest, unfit)
                if broken is None:
                    # It stays lifted: it is left out of all that follows.
                    self.found.append((part, value))
                    copies[nodes[index]] -= 1
                    nodes[index] = TRUE
                    continue
                latest, unfit = broken, key
                nodes[index] = self._inside(part, value, nodes[index], witnesses, broken)
                self._demands.narrow(key, nodes[index])
                self._lifted.discard(key)
            self._lifted.difference_update(keys)
        return node if len(self.found) == found_before else self._diagram.conjunction(nodes)

    def _breaking(self, node: int, latest: Assignment, unfit: str) -> dict[str, bool] | None:
        """Return an assignment that breaks one demand alone; ``latest`` breaks another one."""
        broken = self._diagram.negate(node)
        return self._demands.model(broken, self._lifted, latest, [unfit] if unfit else [])

    def _inside(
        self, part: Expression, value: bool, node: int, whole: _Witnesses, broken: Assignment
    ) -> int:
        """Search below one of the parts; return its function as it is demanded."""
        kept = whole.where_true
        witnesses = _Witnesses(kept, broken) if value else _Witnesses(broken, kept)
        return self._as_demanded(self.visit(part, self._as_demanded(node, value), witnesses), value)

    def _as_demanded(self, node: int, value: bool) -> int:
        return node if value else self._diagram.negate(node)

    def _new_key(self) -> str:
        self._keys += 1
        return f"part {self._keys}"
