"""Find the rules that a model can be asked to break, and the rank that results."""

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping

from rbrctl.ruleset.model import Rule
from rbrctl.ruleset.verdict import Judge

MOST_BROKEN = 3
"""Most rules broken at once, except for rules that cannot be broken alone."""
CRITICAL = "critical"

Broken = frozenset[str]


class Breakable:
    """
    The sets of rules of a class that can be broken with all others kept, the axioms holding.

    A critical rule is in none of them: breaking it is never asked for in the rules' own words.
    Proved once on the diagram; may raise UndecidedError.
    """

    def __init__(self, judge: Judge, response_class: str) -> None:
        """Find for each rule the smallest sets in which it decides the rank."""
        self._judge = judge
        self._ranks = judge.ruleset.ranks
        self._rules = judge.ruleset.rules_of(response_class)
        self._place = {rule.id: self._ranks.index(rule.otherwise) for rule in self._rules}
        self._known: dict[Broken, bool] = {}
        self._leads: dict[str, dict[str, tuple[Broken, ...]]] = {}
        for rule in self._rules:
            if self._place[rule.id] and (smallest := tuple(self._smallest(rule))):
                self._leads.setdefault(rule.otherwise, {})[rule.id] = smallest

    @property
    def ranks(self) -> tuple[str, ...]:
        """The ranks below the best that breaking rules can lead to, the better first."""
        return tuple(rank for rank in self._ranks if rank in self._leads)

    def possible(self, broken: Iterable[str]) -> bool:
        """Return whether some answers break these rules and no others."""
        chosen = frozenset(broken)
        if chosen not in self._known:
            logic = self._judge.logic
            nodes = [
                logic.diagram.negate(node) if rule.id in chosen else node
                for rule in self._rules
                for node in (logic.requirements[rule.id],)
            ]
            self._known[chosen] = logic.satisfiable([*nodes, *logic.axioms])
        return self._known[chosen]

    def draw(self, ranks: Iterable[str], generator: random.Random) -> tuple[str, tuple[str, ...]]:
        """
        Draw rules to break so that one of ``ranks`` results: the rank, and the rules in order.

        First one of the rules that decide the rank, then up to two more that leave it as it is.
        At least one of the ranks is among ``self.ranks``.
        """
        leads: Mapping[str, tuple[Broken, ...]] = {
            rule: sets for rank in ranks for rule, sets in self._leads.get(rank, {}).items()
        }
        lead = generator.choice(list(leads))
        broken = set(generator.choice(leads[lead]))
        others = [rule.id for rule in self._companions(lead) if rule.id not in broken]
        wanted = min(MOST_BROKEN, len(broken) + generator.randrange(MOST_BROKEN))
        for other in generator.sample(others, len(others)):
            if len(broken) >= wanted:
                break
            if self.possible({*broken, other}):
                broken.add(other)
        rank = self._ranks[self._place[lead]]
        return rank, tuple(rule.id for rule in self._rules if rule.id in broken)

    def _companions(self, lead: str) -> list[Rule]:
        """Return the rules that can be broken with another without making the rank worse."""
        return [
            rule
            for rule in self._rules
            if rule.id != lead
            and rule.severity != CRITICAL
            and self._place[rule.id] <= self._place[lead]
        ]

    def _smallest(self, lead: Rule) -> Iterator[Broken]:
        """Yield the smallest sets with a rule, beside those that are always broken with it."""
        if lead.severity == CRITICAL:
            return
        companions = self._companions(lead.id)
        logic = self._judge.logic
        breaking = [logic.diagram.negate(logic.requirements[lead.id]), *logic.axioms]
        forced = frozenset(
            rule.id
            for rule in companions
            if not logic.satisfiable([*breaking, logic.requirements[rule.id]])
        )
        free = [rule.id for rule in companions if rule.id not in forced]
        for size in range(MOST_BROKEN):
            found = [
                broken
                for more in itertools.combinations(free, size)
                if self.possible(broken := frozenset({lead.id, *forced, *more}))
            ]
            if found:
                yield from found
                return
