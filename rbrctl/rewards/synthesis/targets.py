"""What to have written for a prompt: a rank, and the rules to break on the way to it."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rbrctl.errors import UsageError
from rbrctl.ruleset.model import Rule
from rbrctl.ruleset.verdict import Judge
from rbrctl.suggestions import hint_for

BAD = "bad"
"""In a plan: a rank between the best and the worst, with rules to break drawn at random."""
COMPLY_CLASS = "comply"
MOST_BROKEN = 3
_TRIES = 50


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
    """Response class -> rank, or ``bad`` -> how many."""
    descriptions: Mapping[str, str]
    """What a completion of a rank is, in the user's words."""


def default_counts(judge: Judge, response_class: str, described: Sequence[str]) -> dict[str, int]:
    """
    Give the plan of Mu et al. (2024): one ideal, two bad, and one of the worst rank.

    A class named ``comply`` has its own: one of every rank that its rules lead to. The worst rank
    is asked for only where the user described it.
    """
    ranks = judge.ruleset.ranks
    reached = {rule.otherwise for rule in judge.ruleset.rules_of(response_class)}
    middle = [rank for rank in ranks[1:-1] if rank in reached]
    counts = {ranks[0]: 1}
    if response_class == COMPLY_CLASS:
        counts |= dict.fromkeys(middle, 1)
    elif middle:
        counts[BAD] = 2
    if ranks[-1] in described:
        counts[ranks[-1]] = 1
    return counts


def check_plan(judge: Judge, plan: Plan) -> None:
    """
    Raise UsageError for unknown classes and ranks, and for the worst rank without a description.

    Content of the worst rank is never asked for in words of our own.
    """
    ruleset = judge.ruleset
    for rank in plan.descriptions:
        _known("rank", rank, ruleset.ranks)
    for name, counts in plan.counts.items():
        _known("response class", name, tuple(ruleset.response_classes))
        for rank in counts:
            _known("rank", rank, (*ruleset.ranks, BAD))
            if rank == ruleset.ranks[-1] and rank not in plan.descriptions:
                raise UsageError(
                    f"{name}: completions of the rank {rank} are only written to a description "
                    f"of yours: --describe {rank}=TEXT"
                )


def _known(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        hint = hint_for(name, known)
        raise UsageError(f"there is no {kind} '{name}'; {hint}")


def targets_of(
    judge: Judge, response_class: str, prompt_digest: str, plan: Plan, seed: int
) -> list[Target]:
    """
    Draw the targets of one prompt: the same for the same prompt, class, plan and seed.

    Raises UsageError where no rules can be broken so that a wanted rank results.
    """
    text = f"{seed}:{response_class}:{prompt_digest}".encode()
    generator = random.Random(hashlib.sha256(text).digest())
    targets: list[Target] = []
    for wanted, count in plan.counts[response_class].items():
        for number in range(1, count + 1):
            name = f"{wanted}-{number}" if count > 1 else wanted
            targets.append(_draw(judge, response_class, wanted, name, plan, generator))
    return targets


def _draw(
    judge: Judge,
    response_class: str,
    wanted: str,
    name: str,
    plan: Plan,
    generator: random.Random,
) -> Target:
    ranks = judge.ruleset.ranks
    if wanted in plan.descriptions:
        return Target(name, wanted, description=plan.descriptions[wanted])
    if wanted == ranks[0]:
        return Target(name, wanted)
    rules = judge.ruleset.rules_of(response_class)
    allowed = [rule for rule in rules if _may_break(rule, wanted, ranks)]
    for _ in range(_TRIES):
        count = generator.randint(1, min(MOST_BROKEN, max(1, len(allowed))))
        broken = generator.sample(allowed, count) if allowed else []
        worst = max((ranks.index(rule.otherwise) for rule in broken), default=0)
        fits = worst > 0 if wanted == BAD else ranks[worst] == wanted
        if fits and _possible(judge, rules, broken):
            chosen = {rule.id for rule in broken}
            breaks = tuple(rule.id for rule in rules if rule.id in chosen)
            return Target(name, ranks[worst], breaks)
    raise UsageError(f"{response_class}: no rules can be broken so that the rank is {wanted}")


def _may_break(rule: Rule, wanted: str, ranks: Sequence[str]) -> bool:
    place = ranks.index(rule.otherwise)
    if wanted == BAD:
        return 0 < place < len(ranks) - 1
    return 0 < place <= ranks.index(wanted)


def _possible(judge: Judge, rules: Sequence[Rule], broken: Sequence[Rule]) -> bool:
    """Tell whether some answers break these rules and no others, and the axioms hold."""
    logic = judge.logic
    chosen = {rule.id for rule in broken}
    nodes = [
        logic.diagram.negate(logic.requirements[rule.id])
        if rule.id in chosen
        else logic.requirements[rule.id]
        for rule in rules
    ]
    return logic.satisfiable([*nodes, *logic.axioms])
