"""Edits that change words but not logic: questions, examples, texts and descriptions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Proposition, ResponseClass, Rule, RuleSet

ASKED = ("statement", "question", "examples")
"""The keys of a proposition that an endpoint grader sees."""


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A part of the rule set whose words changed, and which of its keys."""

    kind: str
    name: str
    keys: tuple[str, ...]
    place: Place | None = None

    @property
    def asks_anew(self) -> bool:
        """True if the edit may change what a grader is asked."""
        return self.kind == "grader" or bool({*ASKED, "cues"} & set(self.keys))


_PROPOSITION_KEYS: tuple[tuple[str, Callable[[Proposition], object]], ...] = (
    ("statement", lambda each: each.statement),
    ("question", lambda each: each.question),
    ("examples", lambda each: each.examples),
    ("cues", lambda each: each.cues),
    ("tags", lambda each: each.tags),
    ("source", lambda each: each.source),
    ("deprecated", lambda each: each.deprecated),
)
_RULE_KEYS: tuple[tuple[str, Callable[[Rule], object]], ...] = (
    ("text", lambda each: each.text),
    ("tags", lambda each: each.tags),
    ("source", lambda each: each.source),
    ("deprecated", lambda each: each.deprecated),
)
_CLASS_KEYS: tuple[tuple[str, Callable[[ResponseClass], object]], ...] = (
    ("description", lambda each: each.description),
)


def text_edits(
    old: RuleSet,
    new: RuleSet,
    renamed_propositions: Mapping[str, str],
    renamed_rules: Mapping[str, str],
    renamed_classes: Mapping[str, str],
) -> list[TextEdit]:
    """Return the edits of words in the parts that both sides have."""
    edits: list[TextEdit] = []
    for old_proposition in old.propositions.values():
        name = renamed_propositions.get(old_proposition.name, old_proposition.name)
        proposition = new.propositions.get(name)
        if proposition is not None:
            keys = tuple(
                key for key, part in _PROPOSITION_KEYS if part(old_proposition) != part(proposition)
            )
            edits.append(TextEdit("proposition", name, keys, proposition.place))
    for old_rule in old.rules.values():
        rule = new.rules.get(renamed_rules.get(old_rule.id, old_rule.id))
        if rule is not None:
            keys = tuple(key for key, part in _RULE_KEYS if part(old_rule) != part(rule))
            edits.append(TextEdit("rule", rule.id, keys, rule.place))
    for old_class in old.response_classes.values():
        name = renamed_classes.get(old_class.name, old_class.name)
        response_class = new.response_classes.get(name)
        if response_class is not None:
            keys = tuple(
                key for key, part in _CLASS_KEYS if part(old_class) != part(response_class)
            )
            edits.append(TextEdit("response class", name, keys, response_class.place))
    edits += _edits_of_the_whole(old, new)
    return [edit for edit in edits if edit.keys]


def _edits_of_the_whole(old: RuleSet, new: RuleSet) -> list[TextEdit]:
    whole = tuple(
        key
        for key in ("name", "version", "description", "features", "base")
        if _plain(getattr(old, key)) != _plain(getattr(new, key))
    )
    if _described(old) != _described(new):
        whole = (*whole, "policy")
    grader = tuple(
        key
        for key in ("template", "system")
        if getattr(old.grader, key) != getattr(new.grader, key)
    )
    return [
        TextEdit("rule set", new.name, whole, new.place),
        TextEdit("grader", "grader", grader, new.place),
    ]


def _described(ruleset: RuleSet) -> object:
    """Return the words of the policy; the classes of its categories are compared elsewhere."""
    return [
        (area.name, area.description, [(each.name, each.description) for each in area.categories])
        for area in ruleset.policy
    ]


def _plain(value: object) -> object:
    """Return features without the places that their expressions were read from."""
    if not isinstance(value, Mapping):
        return value
    return {
        name: [each if isinstance(each, str) else each.text for each in features]
        for name, features in value.items()
    }
