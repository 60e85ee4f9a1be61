"""Complete assignments: which rules they break, and which names of a rule decide the rank."""

from collections.abc import Collection, Mapping

from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or, evaluate
from rbrctl.ruleset.law import class_laws
from rbrctl.ruleset.logic import definitions_in_order
from rbrctl.ruleset.model import Rule, RuleSet


class Evaluator:
    """Applies one rule set's rules to assignments without unknown values; no proof is needed."""

    def __init__(self, ruleset: RuleSet) -> None:
        """Put the definitions in an order in which they can be evaluated."""
        self.ruleset = ruleset
        self._laws = class_laws(ruleset)
        # Coverage asks for the ranks of the same few sets of broken rules again and again.
        self._ranks: dict[tuple[str, frozenset[str]], str] = {}
        self._definitions = definitions_in_order(ruleset.definitions)

    def complete(self, given: Mapping[str, bool]) -> dict[str, bool]:
        """Return the value of every proposition and definition; what is not given is false."""
        values = {name: given.get(name, False) for name in self.ruleset.propositions}
        for definition in self._definitions:
            values[definition.name] = bool(evaluate(definition.body.expression, values))
        return values

    def broken(self, response_class: str, values: Mapping[str, bool]) -> tuple[str, ...]:
        """Return the rules of a class that a completed assignment breaks, in the set's order."""
        return tuple(
            rule.id
            for rule in self.ruleset.rules_of(response_class)
            if not evaluate(rule.require.expression, values)
        )

    def rank(self, response_class: str, broken: Collection[str]) -> str:
        """Return the rank of a completion that breaks just these rules of its class."""
        key = (response_class, frozenset(broken))
        rank = self._ranks.get(key)
        if rank is None:
            rank = self._ranks[key] = self._laws[response_class].rank(key[1])
        return rank

    def decisive_words(
        self, response_class: str, rule: Rule, broken: Collection[str], values: Mapping[str, bool]
    ) -> frozenset[int]:
        """
        Return the names in a requirement, by their index, that each decide the rank.

        A name decides it where the rank would be another one if that one name, in that one place,
        had the opposite value.
        """
        others = tuple(id for id in broken if id != rule.id)
        flipped = others if rule.id in broken else (*broken, rule.id)
        if self.rank(response_class, flipped) == self.rank(response_class, broken):
            return frozenset()
        return frozenset(decisive_names(rule.require.expression, values))


def decisive_names(expression: Expression, values: Mapping[str, bool]) -> list[int]:
    """Return the token of each name on whose value alone the whole expression depends."""
    found: list[int] = []
    todo = [expression]
    while todo:
        match todo.pop():
            case Name(_, token):
                found.append(token)
            case Not(operand):
                todo.append(operand)
            case And(operands):
                todo += _swaying(operands, values, neutral=True)
            case Or(operands):
                todo += _swaying(operands, values, neutral=False)
            case Implies(premise, conclusion):
                if evaluate(premise, values):
                    todo.append(conclusion)
                if not evaluate(conclusion, values):
                    todo.append(premise)
    return sorted(found)


def _swaying(
    operands: tuple[Expression, ...], values: Mapping[str, bool], *, neutral: bool
) -> list[Expression]:
    """Return the operands that each decide a chain by themselves: all, one, or none."""
    deciding = [each for each in operands if evaluate(each, values) is not neutral]
    if not deciding:
        return list(operands)
    return deciding if len(deciding) == 1 else []
