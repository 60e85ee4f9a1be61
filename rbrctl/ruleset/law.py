"""
The one law of the rule language: from the rules that a completion breaks to its rank.

A completion's rank is the worst ``otherwise`` among the rules of its response class that it breaks,
and the best rank where it breaks none. The law is written once, for sets of rows at a time: a set
is an integer whose bit i stands for row i. A single completion is a set of one row, so that the
verdict on one completion, on a unit test and on a whole results file come from the same lines.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rbrctl.ruleset.model import Rule, RuleSet


class Possible(NamedTuple):
    """What a rule can still come to: the rows on which it can hold, and those that can break it."""

    hold: int
    broken: int


HELD = Possible(1, 0)
BROKEN = Possible(0, 1)
OPEN = Possible(1, 1)
"""What a rule comes to on a single completion; unknown answers leave it open."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The rows whose rank the law settles, and those that need a proof."""

    ranks: tuple[int, ...]
    """The rows of each rank, best first."""
    contested: tuple[int, ...]
    """
    The rows on which the rank is the one at this place unless all of its open rules hold together.

    Each open rule can hold by itself; whether several can hold at once, only a proof can tell.
    """


@dataclass(frozen=True, slots=True)
class ClassLaw:
    """The rules of one response class, by the rank to which each of them drops a completion."""

    ranks: tuple[str, ...]
    """Best first."""
    rules: tuple[Rule, ...]
    levels: tuple[tuple[str, ...], ...]
    """For each rank the ids of the rules whose ``otherwise`` it is."""

    @classmethod
    def of(cls, ruleset: RuleSet, response_class: str) -> "ClassLaw":
        """Compile the law of a response class."""
        rules = ruleset.rules_of(response_class)
        levels = tuple(
            tuple(rule.id for rule in rules if rule.otherwise == rank) for rank in ruleset.ranks
        )
        return cls(tuple(ruleset.ranks), rules, levels)

    def settle(self, possible: Mapping[str, Possible], rows: int = 1) -> Settled:
        """
        Apply the law to ``rows``; ``possible`` says for each rule what it can come to.

        Walks from the worst rank to the best: a row whose rule of that rank is surely broken has
        that rank, and a row on which such a rule is open can be settled no further.
        """
        ranks = [0] * len(self.ranks)
        contested = [0] * len(self.ranks)
        left = rows
        for place in range(len(self.ranks) - 1, 0, -1):
            surely = once = twice = 0
            for id in self.levels[place]:
                hold, broken = possible[id]
                surely |= broken & ~hold
                unsure = broken & hold
                twice |= once & unsure
                once |= unsure
            ranks[place] = left & surely
            contested[place] = left & twice & ~surely
            left &= ~(surely | once)
        # The best rank is that of a completion that breaks nothing, or only rules of this rank.
        ranks[0] = left
        return Settled(tuple(ranks), tuple(contested))

    def rank(self, broken: Collection[str]) -> str:
        """Return the rank of a completion that breaks these rules and no other one."""
        possible = {rule.id: BROKEN if rule.id in broken else HELD for rule in self.rules}
        return self.ranks[self.settle(possible).ranks.index(1)]

    def rules_from(self, place: int) -> list[str]:
        """Return the rules that a rank better than the one at ``place`` requires to hold."""
        return [id for level in self.levels[place:] for id in level]


def class_laws(ruleset: RuleSet) -> dict[str, ClassLaw]:
    """Compile the law of every response class of a rule set."""
    return {name: ClassLaw.of(ruleset, name) for name in ruleset.response_classes}
