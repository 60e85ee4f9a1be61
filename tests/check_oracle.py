"""What each semantic check must find, told by going through all assignments of a small rule set."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations

from strategies import assignments

from rbrctl.ruleset.expressions import Expression, Name, Not, children, evaluate, names
from rbrctl.ruleset.model import Rule, RuleSet, RuleTest

Assignment = dict[str, bool]
Path = tuple[int, ...]


class Oracle:
    """Brute force: every method walks over whole assignments, definitions included."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self.everywhere = [self._complete(each) for each in assignments()]
        self.fitting = [
            each
            for each in self.everywhere
            if all(evaluate(axiom.body.expression, each) for axiom in ruleset.axioms)
        ]

    def _complete(self, assignment: Assignment) -> Assignment:
        complete = dict(assignment)
        for name, definition in self.ruleset.definitions.items():
            complete[name] = bool(evaluate(definition.body.expression, complete))
        return complete

    def keeps(self, rule: Rule, assignment: Assignment) -> bool:
        return bool(evaluate(rule.require.expression, assignment))

    def position(self, rule: Rule) -> int:
        return self.ruleset.ranks.index(rule.otherwise)

    def always_kept(self) -> set[str]:
        rules = self.ruleset.rules.values()
        return {r.id for r in rules if all(self.keeps(r, each) for each in self.fitting)}

    def always_broken(self) -> set[str]:
        rules = self.ruleset.rules.values()
        return {r.id for r in rules if not any(self.keeps(r, each) for each in self.fitting)}

    @cached_property
    def sensible(self) -> list[Rule]:
        broken = self.always_broken()
        return [rule for rule in self.ruleset.rules.values() if rule.id not in broken]

    def of_class(self, rules: Iterable[Rule], response_class: str) -> list[Rule]:
        lineage = set(self.ruleset.ancestors(response_class))
        return [rule for rule in rules if lineage & set(rule.response_classes)]

    def can_be_kept(self, rules: Iterable[Rule]) -> bool:
        rules = list(rules)
        return any(all(self.keeps(rule, each) for rule in rules) for each in self.fitting)

    def rank(self, rules: Iterable[Rule], assignment: Assignment) -> int:
        broken = [self.position(rule) for rule in rules if not self.keeps(rule, assignment)]
        return max(broken, default=0)

    def decides_nothing(self) -> set[str]:
        remaining = list(self.sensible)
        found: set[str] = set()
        for rule in reversed(self.sensible):
            without = [each for each in remaining if each is not rule]
            if rule.id not in self.always_kept() and not self._decides(rule, remaining, without):
                found.add(rule.id)
                remaining = without
        return found

    def _decides(self, rule: Rule, remaining: list[Rule], without: list[Rule]) -> bool:
        if self.position(rule) == 0:
            return False
        for name in self.ruleset.response_classes:
            if not self.of_class([rule], name):
                continue
            before, after = self.of_class(remaining, name), self.of_class(without, name)
            if any(self.rank(before, each) != self.rank(after, each) for each in self.fitting):
                return True
            as_bad = [each for each in after if self.position(each) >= self.position(rule)]
            if not self.can_be_kept(as_bad):
                return True
        return False

    def unreachable_ranks(self) -> set[str]:
        positions = range(1, len(self.ruleset.ranks))
        return {
            self.ruleset.ranks[p]
            for p in positions
            if not any(self._reaches(name, p) for name in self.ruleset.response_classes)
        }

    def _reaches(self, response_class: str, position: int) -> bool:
        here = self.of_class(self.ruleset.rules.values(), response_class)
        worse = [
            each
            for each in self.of_class(self.sensible, response_class)
            if self.position(each) > position
        ]
        no_worse = [each for each in self.fitting if all(self.keeps(rule, each) for rule in worse)]
        if not no_worse:
            return True
        named = [rule for rule in here if self.position(rule) == position]
        return any(not self.keeps(rule, each) for rule in named for each in no_worse)

    def contradictory(self, response_class: str) -> bool:
        rules = self.of_class(self.sensible, response_class)
        return not self.can_be_kept(rule for rule in rules if self.position(rule))

    def is_minimal_conflict(self, rules: list[Rule]) -> bool:
        parts = combinations(rules, len(rules) - 1)
        return not self.can_be_kept(rules) and all(map(self.can_be_kept, parts))

    def constant_definitions(self) -> dict[str, bool]:
        constant = {}
        for name in self.ruleset.definitions:
            values = {each[name] for each in self.fitting}
            if len(values) == 1:
                constant[name] = values.pop()
        return constant

    def same_definitions(self) -> set[str]:
        seen: set[tuple[bool, ...]] = set()
        found: set[str] = set()
        for name in self.ruleset.definitions:
            values = tuple(each[name] for each in self.fitting)
            if name not in self.constant_definitions():
                found |= {name} if values in seen else set()
                seen.add(values)
        return found

    def repeated_axioms(self) -> set[int]:
        bodies = [axiom.body.expression for axiom in self.ruleset.axioms]
        remaining = dict(enumerate(bodies))
        for number in reversed(range(len(bodies))):
            others = [body for n, body in remaining.items() if n != number]
            implied = all(
                evaluate(bodies[number], each)
                for each in self.everywhere
                if all(evaluate(body, each) for body in others)
            )
            if implied:
                del remaining[number]
        return set(range(len(bodies))) - remaining.keys()

    def unused_propositions(self) -> set[str]:
        expressions = [rule.require.expression for rule in self.ruleset.rules.values()]
        expressions += [Name(str(each)) for each in self.ruleset.features.get("first", ())]
        return {
            name
            for name in self.ruleset.propositions
            if not any(self._depends(expression, name) for expression in expressions)
        }

    def _depends(self, expression: Expression, name: str) -> bool:
        return any(
            evaluate(expression, self._complete({**each, name: True}))
            != evaluate(expression, self._complete({**each, name: False}))
            for each in assignments()
        )

    def unused_definitions(self) -> set[str]:
        used = {str(each) for each in self.ruleset.features.get("first", ())}
        for rule in self.ruleset.rules.values():
            used |= {each.name for each in names(rule.require.expression)}
        for name in reversed(list(self.ruleset.definitions)):
            if name in used:
                body = self.ruleset.definitions[name].body.expression
                used |= {each.name for each in names(body)}
        return self.ruleset.definitions.keys() - used

    def tests_that_cannot_fail(self) -> set[int]:
        return {
            number
            for number, test in enumerate(self.ruleset.tests)
            if all(self._passes(test, each) for each in self.everywhere)
        }

    def _passes(self, test: RuleTest, assignment: Assignment) -> bool:
        rules = self.of_class(self.ruleset.rules.values(), test.response_class)
        broken = {rule.id for rule in rules if not self.keeps(rule, assignment)}
        expect = test.expect
        rank = self.ruleset.ranks[self.rank(rules, assignment)]
        return (
            expect.rank in (None, rank)
            and (expect.breaks is None or set(expect.breaks) == broken)
            and not broken & set(expect.keeps or ())
        )

    def tests_that_break_axioms(self) -> set[int]:
        found = set()
        for number, test in enumerate(self.ruleset.tests):
            blank = dict.fromkeys(self.ruleset.propositions, False)
            if self._complete({**blank, **test.given}) not in self.fitting:
                found.add(number)
        return found

    def redundant_parts(self, expression: Expression) -> list[tuple[Expression, bool]] | None:
        """Give the redundant parts from left to right; None where the whole is constant."""
        values = [evaluate(expression, each) for each in self.fitting]
        if len(set(values)) == 1:
            return None
        replaced: dict[Path, bool] = {}
        for path in _right_to_left(expression, replaced):
            for value in (True, False):
                tried = {**replaced, path: value}
                if [_value(expression, (), tried, each) for each in self.fitting] == values:
                    replaced[path] = value
                    break
        return [(_at(expression, path), replaced[path]) for path in sorted(replaced)]


def _right_to_left(
    expression: Expression, replaced: dict[Path, bool], path: Path = ()
) -> Iterator[Path]:
    """Walk over the parts, outer ones first, and not into those that are replaced meanwhile."""
    for index, child in reversed(list(enumerate(children(expression)))):
        below = (*path, index)
        yield below
        if below not in replaced:
            yield from _right_to_left(child, replaced, below)


def _at(expression: Expression, path: Path) -> Expression:
    for index in path:
        expression = children(expression)[index]
    return expression


def _value(
    expression: Expression, path: Path, replaced: dict[Path, bool], assignment: Assignment
) -> bool:
    """Evaluate with parts replaced by constants."""
    if path in replaced:
        return replaced[path]
    if isinstance(expression, Name):
        return assignment[expression.name]
    values = [
        _value(child, (*path, index), replaced, assignment)
        for index, child in enumerate(children(expression))
    ]
    if isinstance(expression, Not):
        return not values[0]
    kind = type(expression).__name__
    if kind == "Implies":
        return not values[0] or values[1]
    return all(values) if kind == "And" else any(values)
