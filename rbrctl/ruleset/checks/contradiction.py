"""
Rules of one response class that no completion can keep together.

Whatever it says, every completion of the class breaks one of them, so that the best rank is out of
reach. The finding lists a minimal set: each of its rules is part of the conflict, and without any
one of them the others can be kept. Axioms that take part are listed too. A single rule that nothing
can keep is `always-broken` instead.

Fails:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
      does-not-grovel:
        response_classes: [refuse]
        require: not apology
        otherwise: less_good

Passes:

    rules:
      apologises:
        response_classes: [refuse]
        require: apology
        otherwise: less_good
      does-not-grovel:
        response_classes: [comply]
        require: not apology
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import axioms_related, listing, rules_related
from rbrctl.ruleset.findings import Finding, Severity
from rbrctl.ruleset.model import Rule

ID = "contradiction"
SEVERITY = Severity.ERROR


def check(context: CheckContext) -> Iterator[Finding]:
    """Find minimal conflicts, each once with all the classes that have it."""
    classes: dict[tuple[str, ...], list[str]] = {}
    for response_class in context.ruleset.response_classes:
        for conflict in _conflicts(context, response_class):
            classes.setdefault(tuple(rule.id for rule in conflict), []).append(response_class)
    for ids, names in classes.items():
        yield _finding(context, [context.ruleset.rules[id] for id in ids], names)


def _conflicts(context: CheckContext, response_class: str) -> Iterator[list[Rule]]:
    """Yield minimal conflicts without a common rule, until the remaining rules can be kept."""
    kept = context.kept_from(response_class, 1)
    if kept.satisfiable:
        return
    rules = [
        rule
        for rule in context.rules_of(response_class)
        if context.position(rule) >= 1 and rule.id not in context.always_broken
    ]
    while not context.kept(rules).satisfiable:
        conflict = context.conflict(rules)
        yield conflict
        rules = [rule for rule in rules if rule not in conflict]


def _finding(context: CheckContext, rules: list[Rule], classes: list[str]) -> Finding:
    nodes = [context.logic.requirements[rule.id] for rule in rules]
    best = context.ruleset.ranks[0]
    return Finding(
        ID,
        SEVERITY,
        f"no completion of {listing(classes)} can keep {listing([rule.id for rule in rules])}"
        f" together: none is ever '{best}'",
        rules[-1].place,
        "change one of them, or the response classes that they are for",
        (*rules_related(rules), *axioms_related(context, nodes)),
    )
