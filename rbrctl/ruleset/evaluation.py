"""The law applied to one whole assignment, without proofs, and what each word had to do with it."""

from collections.abc import Mapping

from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or, evaluate
from rbrctl.ruleset.logic import definitions_in_order
from rbrctl.ruleset.model import Rule, RuleSet


class Evaluator:
    """Applies one rule set's rules to assignments in which nothing is unknown."""

    def __init__(self, ruleset: RuleSet) -> None:
        """Put the definitions in an order in which they can be evaluated."""
        self.ruleset = ruleset
        self._definitions = definitions_in_order(ruleset.definitions)

    def complete(self, given: Mapping[str, bool]) -> dict[str, bool]:
        """Give every proposition and definition its value; what is not given is false."""
        values = {name: given.get(name, False) for name in self.ruleset.propositions}
        for definition in self._definitions:
            values[definition.name] = bool(evaluate(definition.body.expression, values))
        return values

    def broken(self, response_class: str, values: Mapping[str, bool]) -> tuple[str, ...]:
        """Give the rules of a class that a completed assignment breaks, in the set's order."""
        return tuple(
            rule.id
            for rule in self.ruleset.rules_of(response_class)
            if not evaluate(rule.require.expression, values)
        )

    def rank(self, broken: tuple[str, ...]) -> str:
        """Give the worst ``otherwise`` of broken rules; the best rank where there are none."""
        ranks = self.ruleset.ranks
        positions = (ranks.index(self.ruleset.rules[id].otherwise) for id in broken)
        return ranks[max(positions, default=0)]

    def decisive_words(
        self, rule: Rule, broken: tuple[str, ...], values: Mapping[str, bool]
    ) -> frozenset[int]:
        """
        Give the words of a requirement, by their index, of which each decides the rank.

        Were that one word's value the other, alone and there only, the rank would be another.
        """
        others = tuple(id for id in broken if id != rule.id)
        flipped = others if rule.id in broken else (*broken, rule.id)
        if self.rank(flipped) == self.rank(broken):
            return frozenset()
        return frozenset(decisive_names(rule.require.expression, values))


def decisive_names(expression: Expression, values: Mapping[str, bool]) -> list[int]:
    """Give the token of each name on whose value, all others as they are, the whole depends."""
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
    """Give the operands of which each alone sways a chain: all, one, or none."""
    deciding = [each for each in operands if evaluate(each, values) is not neutral]
    if not deciding:
        return list(operands)
    return deciding if len(deciding) == 1 else []
