"""
A rank that no completion ever has.

No rule drops a completion to it, or whatever breaks such a rule also breaks one of a worse rank, in
every response class. Results and rewards will never show it. (The best rank is out of reach only
where rules contradict each other: see `contradiction` and `always-broken`.)

Fails:

    ranks: [ideal, less_good, unacceptable]
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: unacceptable

Passes:

    ranks: [ideal, unacceptable]
    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: unacceptable
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import rules_related
from rbrctl.ruleset.findings import Finding, Severity

ID = "unreachable-rank"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find the ranks, but the best, that no assignment reaches in any class."""
    ruleset = context.ruleset
    for position, rank in enumerate(ruleset.ranks[1:], start=1):
        if any(_reaches(context, name, position) for name in ruleset.response_classes):
            continue
        rules = [rule for rule in ruleset.rules.values() if rule.otherwise == rank]
        reason = "whatever breaks its rules breaks worse ones too" if rules else "no rule names it"
        if rules and all(rule.id in context.always_kept for rule in rules):
            reason = "nothing can break its rules"
        yield Finding(
            ID,
            SEVERITY,
            f"no completion is ever '{rank}': {reason}",
            ruleset.places.get(f"ranks.{rank}", ruleset.place),
            "remove the rank, or let a rule drop to it",
            rules_related(rules),
        )


def _reaches(context: CheckContext, response_class: str, position: int) -> bool:
    """Return whether a completion of the class can drop to that rank and no further."""
    no_worse = context.kept_from(response_class, position + 1)
    if not no_worse.satisfiable:
        return True  # The contradiction is found by itself: mended, it may let the rank through.
    return any(
        no_worse.model(context.diagram.negate(context.logic.requirements[rule.id])) is not None
        for rule in context.rules_of(response_class)
        if context.position(rule) == position
    )
