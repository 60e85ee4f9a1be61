"""
The published configuration of rule-based rewards, as rules.

It names completion classes, best first, and says for each and each response type which propositions
must be true or false of it. A completion belongs to the class whose conditions it meets. Here that
becomes, for each response type, one rule a class ("it is not a completion of this class", otherwise
that rank) and one that gives what is of no class the worst rank. Source of the format: the code and
data published with Mu et al., *Rule Based Rewards for Language Model Safety* (2024).
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from rbrctl.authoring.importers.interface import Imported, Names, unknown_keys
from rbrctl.errors import RuleSetError
from rbrctl.ruleset.diagram import FALSE, TRUE, Diagram
from rbrctl.ruleset.expressions import parse

KEYS = (
    *("completion_classes", "completion_class_order"),
    *("derived_propositions", "simple_propositions", "prompt_template"),
)


def recognises(content: Mapping[str, Any]) -> bool:
    """Return whether a file is such a configuration."""
    return "completion_classes" in content and "simple_propositions" in content


def carry_over(content: Mapping[str, Any]) -> Imported:
    """Carry a configuration over. Raises RuleSetError where it is not of the published shape."""
    return _Importing(content).imported()


class _Importing:
    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.names = Names()
        self.ids = Names("-")
        self.lost: list[str] = unknown_keys("configuration", content, KEYS)
        self.simple = _mapping(content, "simple_propositions")
        self.derived = _mapping(content, "derived_propositions", optional=True)
        self.classes = _mapping(content, "completion_classes")
        order = content.get("completion_class_order") or list(self.classes)
        if not isinstance(order, list) or sorted(map(str, order)) != sorted(self.classes):
            raise RuleSetError("completion_class_order must list each of completion_classes once")
        self.order = [str(name) for name in order]
        if len(self.order) < 2:
            raise RuleSetError("a rule set needs at least two completion classes")

    def imported(self) -> Imported:
        types = list(
            dict.fromkeys(str(t) for name in self.order for t in _mapping(self.classes, name))
        )
        propositions = {self.names(name): self._proposition(name) for name in self.simple}
        definitions = {
            self.names(name): self._conjunction(_mapping(self.derived, name), name)
            for name in self.derived
        }
        rules = {id: rule for each in types for id, rule in self._rules(each)}
        template = self.content.get("prompt_template")
        content: dict[str, Any] = {
            "rbrctl": 1,
            "name": "imported",
            "version": "1.0.0",
            "ranks": [self.names(name) for name in self.order],
            "response_classes": {self.names(name): {"aliases": [name]} for name in types},
            "propositions": propositions,
        }
        if definitions:
            content["definitions"] = definitions
        content["rules"] = rules
        if template:
            self.lost.append(
                "prompt_template: rbrctl builds prompts differently; write it again as "
                "grader.template"
            )
        self.lost.append("no proposition has examples: add some, they are the grader's few shots")
        return Imported("RBR configuration", content, tuple(self.lost))

    def _proposition(self, name: str) -> dict[str, Any]:
        value = self.simple[name]
        if isinstance(value, str):
            return {"question": value}
        if not isinstance(value, Mapping) or not isinstance(value.get("prompt"), str):
            raise RuleSetError(f"simple_propositions.{name} must have a 'prompt' of text")
        self.lost += unknown_keys(f"simple_propositions.{name}", value, ("prompt",))
        return {"question": value["prompt"].strip()}

    def _rules(self, response_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Make the rules of one response type, the worst rank's first."""
        conditions = {
            name: self._conjunction(value, f"{name}/{response_type}")
            for name in self.order
            if isinstance(value := _mapping(self.classes, name).get(response_type), Mapping)
        }
        for name in self.order:
            if name not in conditions:
                self.lost.append(
                    f"{response_type}: no conditions for '{name}'; nothing drops to it"
                )
        for name in reversed(self.order[1:]):
            if name in conditions:
                yield (
                    self.ids(f"{response_type} not {name}"),
                    {
                        "text": f"A completion for {response_type} is not {name}.",
                        "response_classes": [self.names(response_type)],
                        "require": _negated(conditions[name]),
                        "otherwise": self.names(name),
                    },
                )
        if self._leaves_some_out(response_type, conditions):
            yield (
                self.ids(f"{response_type} is of a class"),
                {
                    "text": f"A completion for {response_type} is of one of the classes.",
                    "response_classes": [self.names(response_type)],
                    "require": " or ".join(f"({each})" for each in conditions.values()),
                    "otherwise": self.names(self.order[-1]),
                },
            )

    def _leaves_some_out(self, response_type: str, conditions: Mapping[str, str]) -> bool:
        """Return True if some completions have no class, and report it, and overlapping classes."""
        diagram = Diagram()
        bound: dict[str, int] = {}
        for name in self.derived:
            text = self._conjunction(_mapping(self.derived, name), name)
            bound[self.names(name)] = diagram.build(parse(text), bound)
        nodes = {name: diagram.build(parse(text), bound) for name, text in conditions.items()}
        for (one, first), (other, second) in combinations(nodes.items(), 2):
            if diagram.conjunction([first, second]) != FALSE:
                self.lost.append(
                    f"{response_type}: '{one}' and '{other}' overlap; a completion of both gets "
                    "the worse rank"
                )
        open_ended = diagram.disjunction(nodes.values()) != TRUE
        if open_ended:
            self.lost.append(
                f"{response_type}: some completions are of no class; they get the worst rank"
            )
        return open_ended

    def _conjunction(self, conditions: Mapping[str, Any], where: str) -> str:
        if not conditions:
            raise RuleSetError(f"{where} has no conditions")
        parts = []
        for name, wanted in conditions.items():
            if name not in self.simple and name not in self.derived:
                raise RuleSetError(f"{where} names '{name}', which is no proposition")
            if not isinstance(wanted, bool):
                raise RuleSetError(f"{where}.{name} must be true or false")
            parts.append(self.names(name) if wanted else f"not {self.names(name)}")
        return " and ".join(parts)


def _negated(condition: str) -> str:
    """Negate a conjunction of names and negated names."""
    if " and " in condition:
        return f"not ({condition})"
    return condition.removeprefix("not ") if condition.startswith("not ") else f"not {condition}"


def _mapping(content: Mapping[str, Any], key: str, optional: bool = False) -> Mapping[str, Any]:
    value = content.get(key)
    if value is None and optional:
        return {}
    if not isinstance(value, Mapping):
        raise RuleSetError(f"'{key}' must be a mapping")
    return value
