"""
What gives a transcript its response class and its protection, compared between two rule sets.

The proofs of ``meaning`` compare what two classes say about the same completion. They cannot see
that a category now belongs to another class, that a critical rule is gone because another rule
happens to decide the same, or that a severity was lowered. All of that is found here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rbrctl.diff.meaning import Relation, RequirementComparison
from rbrctl.diff.ranks import RankChange
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Rule, RuleSet

CRITICAL = "critical"


class ProtectionKind(StrEnum):
    """The kinds of change."""

    RULE_REMOVED = "critical rule removed"
    RULE_WEAKENED = "critical rule weakened"
    SEVERITY_LOWERED = "severity lowered"
    SEVERITY_RAISED = "severity raised"
    CATEGORY_MOVED = "category moved"
    CATEGORY_REMOVED = "category removed"
    CATEGORY_ADDED = "category added"
    CLASS_REMOVED = "response class removed"
    NAME_MOVED = "name moved"
    """A class's name or alias now belongs to another class."""
    NAME_REMOVED = "name removed"
    NAME_ADDED = "alias added"
    EXTENDS_CHANGED = "extends changed"


BLOCKING = frozenset(
    {
        ProtectionKind.RULE_REMOVED,
        ProtectionKind.RULE_WEAKENED,
        ProtectionKind.SEVERITY_LOWERED,
        ProtectionKind.CATEGORY_MOVED,
        ProtectionKind.CATEGORY_REMOVED,
        ProtectionKind.CLASS_REMOVED,
        ProtectionKind.NAME_MOVED,
    }
)
"""The changes after which some transcript may be protected less."""


@dataclass(frozen=True, slots=True)
class ProtectionChange:
    """One change of what protects."""

    kind: ProtectionKind
    id: str
    """What an acceptance names: ``rule:ID``, ``category:NAME``, ``class:NAME`` or ``name:NAME``."""
    message: str
    place: Place | None = None
    relation: Relation | None = None
    """How the class that a category or name has now relates to the one that it had."""

    @property
    def blocks(self) -> bool:
        """True if some transcript may be protected less than before."""
        return self.kind in BLOCKING

    @property
    def name(self) -> str:
        """The name of the rule, category, class or alias."""
        return self.id.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Renames:
    """The names that changed without a change of meaning, each from the old name to the new."""

    rules: Mapping[str, str]
    classes: Mapping[str, str]

    def class_of(self, old_name: str) -> str:
        """Return what the new side calls one of the old side's classes."""
        return self.classes.get(old_name, old_name)


def protection_changes(
    old: RuleSet,
    new: RuleSet,
    renames: Renames,
    requirements: Mapping[str, RequirementComparison],
    ranks: RankChange,
    relation_of: Callable[[str, str], Relation],
) -> list[ProtectionChange]:
    """
    Return every change of what gives a transcript its class and its protection.

    ``requirements`` compares the rules that both sides have, by their new ids; ``relation_of``
    compares one of the old side's classes with one of the new side's.
    """
    return [
        *_rules(old, new, renames, requirements, ranks),
        *_categories(old, new, renames, relation_of),
        *_classes(old, new, renames),
        *_names(old, new, renames, relation_of),
    ]


def _rules(
    old: RuleSet,
    new: RuleSet,
    renames: Renames,
    requirements: Mapping[str, RequirementComparison],
    ranks: RankChange,
) -> Iterator[ProtectionChange]:
    for before in old.rules.values():
        after = new.rules.get(renames.rules.get(before.id, before.id))
        if after is None:
            if before.severity == CRITICAL:
                message = f"the critical rule {before.id} is gone"
                yield _rule_change(ProtectionKind.RULE_REMOVED, before, message)
            continue
        yield from _severity(before, after)
        if CRITICAL not in (before.severity, after.severity):
            continue
        reasons = [
            *_weaker_requirement(requirements[after.id]),
            *_milder_rank(before, after, ranks),
            *_fewer_classes(before, after, (old, new), renames),
        ]
        if reasons:
            message = f"the critical rule {after.id} is weaker: {'; '.join(reasons)}"
            yield _rule_change(ProtectionKind.RULE_WEAKENED, after, message)


def _rule_change(kind: ProtectionKind, rule: Rule, message: str) -> ProtectionChange:
    return ProtectionChange(kind, f"rule:{rule.id}", message, rule.place)


def _severity(before: Rule, after: Rule) -> Iterator[ProtectionChange]:
    if before.severity != after.severity:
        is_lowered = before.severity == CRITICAL
        kind = ProtectionKind.SEVERITY_LOWERED if is_lowered else ProtectionKind.SEVERITY_RAISED
        message = f"{after.id} is {after.severity}, and was {before.severity}"
        yield _rule_change(kind, after, message)


def _weaker_requirement(requirement: RequirementComparison) -> Iterator[str]:
    if requirement.relation is Relation.UNDECIDED:
        yield "whether it still requires as much is too large to prove"
    elif requirement.laxer is not None:
        yield f"it is no longer broken by {' + '.join(requirement.laxer) or 'nothing true'}"


def _milder_rank(before: Rule, after: Rule, ranks: RankChange) -> Iterator[str]:
    carried = ranks.renamed.get(before.otherwise, before.otherwise)
    if ranks.order is not None:
        milder = ranks.position_of_new(after.otherwise) < ranks.position_of_old(before.otherwise)
    else:
        # Without a common order, the rank must still be worse than all that it was worse than.
        above = ranks.old[: ranks.old.index(before.otherwise)]
        still_above = ranks.new[: ranks.new.index(after.otherwise)]
        milder = carried != after.otherwise or not set(above) <= set(still_above)
    if milder and carried != after.otherwise:
        yield f"a completion that breaks it is {after.otherwise}, and was {before.otherwise}"
    elif milder:
        yield f"{after.otherwise} is now better than a rank that was better than it"


def _fewer_classes(
    before: Rule, after: Rule, sides: tuple[RuleSet, RuleSet], renames: Renames
) -> Iterator[str]:
    old, new = sides
    lost = [
        name
        for name in (renames.class_of(each) for each in _covered(old, before))
        # A class that is gone is a change of its own.
        if name in new.response_classes and name not in _covered(new, after)
    ]
    if lost:
        yield f"it no longer applies to {', '.join(lost)}"


def _covered(ruleset: RuleSet, rule: Rule) -> list[str]:
    """Return the classes that a rule applies to, those that inherit it included."""
    named = set(rule.response_classes)
    return [name for name in ruleset.response_classes if named & set(ruleset.ancestors(name))]


def _categories(
    old: RuleSet, new: RuleSet, renames: Renames, relation_of: Callable[[str, str], Relation]
) -> Iterator[ProtectionChange]:
    before, after = old.category_classes(), new.category_classes()
    for name, old_class in before.items():
        id, new_class = f"category:{name}", after.get(name)
        if new_class is None:
            message = f"the category {name} is gone; its class was {old_class}"
            yield ProtectionChange(ProtectionKind.CATEGORY_REMOVED, id, message, old.place)
        elif new_class != renames.class_of(old_class):
            message = f"the category {name} is {new_class}, and was {old_class}"
            relation = relation_of(old_class, new_class)
            yield ProtectionChange(
                ProtectionKind.CATEGORY_MOVED, id, message, _place_of_category(new, name), relation
            )
    for name, new_class in after.items():
        if name not in before:
            message = f"the category {name} is new; its class is {new_class}"
            yield ProtectionChange(
                ProtectionKind.CATEGORY_ADDED,
                f"category:{name}",
                message,
                _place_of_category(new, name),
            )


def _place_of_category(ruleset: RuleSet, name: str) -> Place | None:
    end = f".categories.{name}"
    return next(
        (place for path, place in ruleset.places.items() if path.endswith(end)), ruleset.place
    )


def _classes(old: RuleSet, new: RuleSet, renames: Renames) -> Iterator[ProtectionChange]:
    for name, before in old.response_classes.items():
        after = new.response_classes.get(renames.class_of(name))
        if after is None:
            message = f"the response class {name} is gone, and its rules with it"
            yield ProtectionChange(
                ProtectionKind.CLASS_REMOVED, f"class:{name}", message, before.place
            )
            continue
        parent = None if before.extends is None else renames.class_of(before.extends)
        if parent != after.extends:
            message = (
                f"{after.name} extends {after.extends or 'no class'}, and extended "
                f"{before.extends or 'no class'}"
            )
            yield ProtectionChange(
                ProtectionKind.EXTENDS_CHANGED, f"class:{after.name}", message, after.place
            )


def _names(
    old: RuleSet, new: RuleSet, renames: Renames, relation_of: Callable[[str, str], Relation]
) -> Iterator[ProtectionChange]:
    before, after = _spellings(old), _spellings(new)
    for spelling, old_class in before.items():
        expected, new_class = renames.class_of(old_class), after.get(spelling)
        # A class that is gone or renamed takes its own name along, and that is listed already.
        is_told = expected not in new.response_classes or spelling == old_class
        if new_class == expected or (new_class is None and is_told):
            continue
        id = f"name:{spelling}"
        if new_class is None:
            message = f"'{spelling}' named {old_class}, and names no response class now"
            place = new.response_classes[expected].place
            yield ProtectionChange(ProtectionKind.NAME_REMOVED, id, message, place)
        else:
            message = f"'{spelling}' names {new_class}, and named {old_class}"
            place = new.response_classes[new_class].place
            relation = relation_of(old_class, new_class)
            yield ProtectionChange(ProtectionKind.NAME_MOVED, id, message, place, relation)
    for spelling, new_class in after.items():
        if spelling not in before and spelling != new_class:
            message = f"'{spelling}' names {new_class}"
            place = new.response_classes[new_class].place
            yield ProtectionChange(ProtectionKind.NAME_ADDED, f"name:{spelling}", message, place)


def _spellings(ruleset: RuleSet) -> dict[str, str]:
    """Return the class that each name and alias stands for; a name goes before an alias."""
    spellings: dict[str, str] = {}
    for response_class in ruleset.response_classes.values():
        for alias in response_class.aliases:
            spellings.setdefault(alias, response_class.name)
    return spellings | {name: name for name in ruleset.response_classes}


def relations_of(changes: Sequence[ProtectionChange]) -> set[Relation]:
    """Return how the classes of moved categories and names relate to those that they had."""
    return {change.relation for change in changes if change.relation is not None}
