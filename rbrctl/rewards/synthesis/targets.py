"""Targets of completions: a rank, and the rules to break so that this rank results."""

import hashlib
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rbrctl.errors import UsageError
from rbrctl.rewards.synthesis.breakable import CRITICAL, Breakable
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import hint_for

BAD = "bad"
COMPLY_CLASS = "comply"
_DRAWS = 40
"""Number of draws for a set of rules that no other target of the prompt has."""


def any_bad(ranks: Sequence[str]) -> str:
    """Return a plan's word for any rank below the best: ``bad``, unless a rank has that name."""
    name = BAD
    while name in ranks:
        name = f"any_{name}"
    return name


@dataclass(frozen=True, slots=True)
class Target:
    """One completion to be written."""

    name: str
    """Unique among the targets of a prompt: ``bad-2``."""
    rank: str
    breaks: tuple[str, ...] = ()
    """The rules that it must break; all others of the class it must keep."""
    description: str | None = None
    """What the user said that a completion of this rank is; it replaces the rules to break."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many completions of which rank are wanted for the prompts of each class."""

    counts: Mapping[str, Mapping[str, int]]
    """Response class -> rank, or ``bad`` (see ``any_bad``) -> how many."""
    descriptions: Mapping[str, str]
    """What a completion of a rank is, in the user's words."""


class Targets:
    """Draws targets under the rules of one rule set; may raise UndecidedError."""

    def __init__(self, judge: Judge) -> None:
        """Take the rules; a class is analysed when it is first needed."""
        self._ruleset = judge.ruleset
        self._judge = judge
        self._classes: dict[str, Breakable] = {}
        self.any_bad = any_bad(judge.ruleset.ranks)

    def default_counts(self, response_class: str, described: Sequence[str]) -> dict[str, int]:
        """
        Return the plan of Mu et al. (2024): one ideal, two bad, and one of each described rank.

        A class named ``comply`` has its own: one of every rank that its rules lead to. A rank that
        only critical rules lead to is asked for only where the user described it.
        """
        ranks = self._ruleset.ranks
        drawable = self._breakable(response_class).ranks
        counts = {ranks[0]: 1}
        if response_class == COMPLY_CLASS:
            counts |= dict.fromkeys(drawable, 1)
        elif drawable:
            counts[self.any_bad] = 2
        reached = {rule.otherwise for rule in self._ruleset.rules_of(response_class)}
        return counts | {rank: 1 for rank in ranks[1:] if rank in described and rank in reached}

    def complete_plan(
        self,
        counts: Mapping[str, Mapping[str, int]],
        descriptions: Mapping[str, str],
        classes: Iterable[str],
    ) -> Plan:
        """
        Return a checked plan, with the default counts of the classes that have none.

        Raises UsageError for what cannot be written, and for a description that nothing needs.
        """
        defaults = {
            name: self.default_counts(name, tuple(descriptions))
            for name in classes
            if name not in counts
        }
        plan = Plan({**counts, **defaults}, descriptions)
        self.check(plan)
        asked = {rank for each in plan.counts.values() for rank in each}
        for rank in descriptions:
            if rank not in asked:
                raise UsageError(f"--describe {rank}: no completion of that rank is asked for")
        return plan

    def check(self, plan: Plan) -> None:
        """Raise UsageError for unknown names, and for what cannot be asked for."""
        ruleset = self._ruleset
        for rank in plan.descriptions:
            _known("rank", rank, ruleset.ranks)
        for name, counts in plan.counts.items():
            _known("response class", name, tuple(ruleset.response_classes))
            for wanted in counts:
                _known("rank", wanted, (*ruleset.ranks, self.any_bad))
                self._check_rank(name, wanted, wanted in plan.descriptions)

    def of(self, response_class: str, prompt_digest: str, plan: Plan, seed: int) -> list[Target]:
        """
        Draw the targets of one prompt: the same for the same prompt, class, name and seed.

        No two have the same rules to break where there are enough. The plan was checked.
        """
        targets: list[Target] = []
        for wanted, count in plan.counts[response_class].items():
            for number in range(1, count + 1):
                name = f"{wanted}-{number}" if count > 1 else wanted
                if wanted in plan.descriptions:
                    target = Target(name, wanted, description=plan.descriptions[wanted])
                elif wanted == self._ruleset.ranks[0]:
                    target = Target(name, wanted)
                else:
                    text = f"{seed}:{response_class}:{prompt_digest}:{name}".encode()
                    generator = random.Random(hashlib.sha256(text).digest())
                    taken = {each.breaks for each in targets}
                    target = self._draw(response_class, wanted, name, taken, generator)
                targets.append(target)
        return targets

    def _draw(
        self,
        response_class: str,
        wanted: str,
        name: str,
        taken: Collection[tuple[str, ...]],
        generator: random.Random,
    ) -> Target:
        breakable = self._breakable(response_class)
        ranks = breakable.ranks if wanted == self.any_bad else (wanted,)
        for _ in range(_DRAWS):
            rank, breaks = breakable.draw(ranks, generator)
            if breaks not in taken:
                break
        return Target(name, rank, breaks)

    def _breakable(self, response_class: str) -> Breakable:
        if response_class not in self._classes:
            self._classes[response_class] = Breakable(self._judge, response_class)
        return self._classes[response_class]

    def _check_rank(self, response_class: str, wanted: str, described: bool) -> None:
        """Raise UsageError where no completion of a class can be asked to have a rank."""
        if wanted == self._ruleset.ranks[0]:
            if not self._breakable(response_class).possible(()):
                raise UsageError(f"{response_class}: no completion can keep all of its rules")
            return
        rules = [
            rule
            for rule in self._ruleset.rules_of(response_class)
            if wanted in (rule.otherwise, self.any_bad)
        ]
        if not rules:
            raise UsageError(f"{response_class}: none of its rules leads to the rank {wanted}")
        drawable = self._breakable(response_class).ranks
        if described or wanted in drawable or (wanted == self.any_bad and drawable):
            return
        if all(rule.severity == CRITICAL for rule in rules):
            raise UsageError(
                f"{response_class}: only critical rules lead to the rank {wanted}, and what breaks "
                f"those is only written to a description of yours: --describe {wanted}=TEXT"
            )
        raise UsageError(
            f"{response_class}: no rules can be broken so that the rank is {wanted}; what it is "
            f"can be described: --describe {wanted}=TEXT"
        )


def _known(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        hint = hint_for(name, known)
        raise UsageError(f"there is no {kind} '{name}'; {hint}")
