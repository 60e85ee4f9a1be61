"""
A rule whose removal would change no rank.

In every response class that it is for, a completion that breaks it also breaks another rule of the
same or a worse rank; or its `otherwise` is the best rank. Of rules that say the same, the later one
is reported. What is reported can all be removed at once. A rule that nothing can break is
`always-kept` instead, and rules that contradict each other count as deciding something.

Fails:

    rules:
      complies:
        response_classes: [comply]
        require: fully_complies
        otherwise: unacceptable
      complies-and-is-kind:
        response_classes: [comply]
        require: fully_complies or judgement
        otherwise: less_good

Passes:

    rules:
      complies:
        response_classes: [comply]
        require: fully_complies
        otherwise: unacceptable
      complies-and-is-kind:
        response_classes: [comply]
        require: fully_complies and not judgement
        otherwise: less_good
"""

from collections.abc import Iterator

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.shared import listing, rules_related
from rbrctl.ruleset.findings import Finding, Severity
from rbrctl.ruleset.model import Rule

ID = "decides-nothing"
SEVERITY = Severity.WARNING


def check(context: CheckContext) -> Iterator[Finding]:
    """Find, from the last to the first, the rules that those that remain make needless."""
    removed: set[str] = set()
    found: list[Finding] = []
    for rule in reversed(list(context.ruleset.rules.values())):
        if rule.id in context.always_kept or rule.id in context.always_broken:
            continue
        if context.position(rule) == 0:
            found.append(_of_best_rank(rule))
            removed.add(rule.id)
        elif all(_is_shadowed(context, rule, each, removed) for each in context.classes_of(rule)):
            found.append(_shadowed(context, rule, removed))
            removed.add(rule.id)
    yield from reversed(found)


def _is_shadowed(context: CheckContext, rule: Rule, response_class: str, removed: set[str]) -> bool:
    """Return whether what breaks the rule also breaks another of the same or a worse rank."""
    kept = context.kept_from(response_class, context.position(rule))
    broken = context.diagram.negate(context.logic.requirements[rule.id])
    without = {*removed, rule.id}
    if kept.model(broken, without) is not None:
        return False
    # Where the others contradict each other nothing can be said of this rule.
    return kept.satisfiable or kept.model(without=without) is not None


def _of_best_rank(rule: Rule) -> Finding:
    return Finding(
        ID,
        SEVERITY,
        f"'{rule.id}' decides nothing: a completion that breaks it may still be '{rule.otherwise}'",
        rule.places.get("otherwise", rule.place),
        "name a worse rank",
    )


def _shadowed(context: CheckContext, rule: Rule, removed: set[str]) -> Finding:
    broken = context.diagram.negate(context.logic.requirements[rule.id])
    shadowing: dict[str, Rule] = {}
    for response_class in context.classes_of(rule):
        others = [
            other
            for other in context.rules_of(response_class)
            if other.id != rule.id
            and other.id not in removed
            and other.id not in context.always_broken
            and context.position(other) >= context.position(rule)
        ]
        shadowing |= {other.id: other for other in context.conflict(others, broken)}
    return Finding(
        ID,
        SEVERITY,
        f"'{rule.id}' decides nothing: what breaks it also breaks"
        f" {listing(list(shadowing), 'or')}, which drops at least as far",
        rule.place,
        "remove it, or let it require something of its own",
        rules_related(shadowing.values()),
    )
