"""From gathered, schema-checked entries to the parts of a RuleSet."""

from collections.abc import Callable
from typing import Any, TypeVar

from rbrctl.ruleset.expression_text import FileText, read_expression
from rbrctl.ruleset.findings import Finding, Place
from rbrctl.ruleset.merging import Entry, Gathered
from rbrctl.ruleset.model import (
    Axiom,
    Definition,
    Example,
    Expectation,
    GraderPrompt,
    PolicyArea,
    PolicyCategory,
    Proposition,
    ResponseClass,
    Rule,
    RuleTest,
    SourcedExpression,
)
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, SequenceNode, plain

Part = TypeVar("Part")


class Builder:
    """Builds each part of the set; collects a finding for every expression that is broken."""

    def __init__(self, gathered: Gathered) -> None:
        """Take what the files say."""
        self._gathered = gathered
        self.findings: list[Finding] = []

    def _each(self, section: str, build: Callable[[Entry], Part | None]) -> dict[str, Part]:
        parts = {name: build(e) for name, e in self._gathered.sections[section].items()}
        return {name: part for name, part in parts.items() if part is not None}

    def once(self, key: str, default: Any = None) -> Any:
        """Return the plain value of a key that a set has only once."""
        entry = self._gathered.once.get(key)
        return default if entry is None else plain(entry.node)

    def response_classes(self) -> dict[str, ResponseClass]:
        """Build the response classes."""
        return self._each("response_classes", _response_class)

    def propositions(self) -> dict[str, Proposition]:
        """Build the propositions."""
        return self._each("propositions", _proposition)

    def definitions(self) -> dict[str, Definition]:
        """Build the definitions."""
        return self._each("definitions", self._definition)

    def rules(self) -> dict[str, Rule]:
        """Build the rules."""
        return self._each("rules", self._rule)

    def axioms(self) -> tuple[Axiom, ...]:
        """Build the axioms."""
        bodies = [self._expression(node, file) for node, file in self._gathered.axioms]
        return tuple(Axiom(body) for body in bodies if body is not None)

    def tests(self) -> tuple[RuleTest, ...]:
        """Build the unit tests."""
        return tuple(_rule_test(entry) for entry in self._gathered.tests.values())

    def grader_prompt(self) -> GraderPrompt:
        """Build the grader's prompt."""
        return GraderPrompt(**_authored(self.once("grader", {})))

    def policy(self) -> tuple[PolicyArea, ...]:
        """Build the content policy."""
        return tuple(
            PolicyArea(
                area,
                content["description"],
                tuple(
                    PolicyCategory(name, category["description"], category["response_class"])
                    for name, category in _authored(content["categories"]).items()
                ),
            )
            for area, content in _authored(self.once("policy", {})).items()
        )

    def features(self) -> dict[str, tuple[str | SourcedExpression, ...]]:
        """Build the features of each response class; a lone name stays a name."""
        entry = self._gathered.once.get("features")
        if entry is None or not isinstance(entry.node, MappingNode):
            return {}
        return {
            name: tuple(self._feature(item, entry.file) for item in _items(node))
            for name, node in entry.node.entries.items()
        }

    def _feature(self, node: ScalarNode, file: FileText) -> str | SourcedExpression:
        if len(node.text.split()) == 1 and "(" not in node.text:
            return node.text.strip()
        return self._expression(node, file) or node.text

    def _expression(self, node: Node, file: FileText) -> SourcedExpression | None:
        if not isinstance(node, ScalarNode):
            return None
        outcome = read_expression(node, file)
        if isinstance(outcome, Finding):
            self.findings.append(outcome)
            return None
        return outcome

    def _definition(self, entry: Entry) -> Definition | None:
        node = (
            entry.node.entries["expression"] if isinstance(entry.node, MappingNode) else entry.node
        )
        body = self._expression(node, entry.file)
        return None if body is None else Definition(entry.name, entry.key_place, body)

    def _rule(self, entry: Entry) -> Rule | None:
        if not isinstance(entry.node, MappingNode):
            return None
        body = self._expression(entry.node.entries["require"], entry.file)
        if body is None:
            return None
        values = plain(entry.node)
        return Rule(
            id=entry.name,
            place=entry.key_place,
            response_classes=tuple(values["response_classes"]),
            require=body,
            otherwise=values["otherwise"],
            text=values.get("text"),
            severity=values.get("severity", "normal"),
            tags=tuple(values.get("tags", ())),
            source=values.get("source"),
            deprecated=values.get("deprecated"),
            places=places_within(entry.node),
        )


def _authored(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not key.startswith("x-")}


def _items(node: Node) -> list[ScalarNode]:
    items = node.items if isinstance(node, SequenceNode) else ()
    return [item for item in items if isinstance(item, ScalarNode)]


def _response_class(entry: Entry) -> ResponseClass:
    values = plain(entry.node)
    return ResponseClass(
        name=entry.name,
        place=entry.key_place,
        description=values.get("description"),
        aliases=tuple(values.get("aliases", ())),
        extends=values.get("extends"),
        places=places_within(entry.node),
    )


def _proposition(entry: Entry) -> Proposition:
    values = plain(entry.node)
    return Proposition(
        name=entry.name,
        place=entry.key_place,
        statement=values.get("statement"),
        question=values.get("question"),
        examples=tuple(_example(example) for example in values.get("examples", ())),
        cues=tuple(values.get("cues", ())),
        tags=tuple(values.get("tags", ())),
        source=values.get("source"),
        deprecated=values.get("deprecated"),
        places=places_within(entry.node),
    )


def _example(values: dict[str, Any]) -> Example:
    return Example(
        assistant=values["assistant"],
        answer=values["answer"],
        user=values.get("user"),
        prompt=tuple((turn["role"], turn["content"]) for turn in values.get("prompt", ())),
        why=values.get("why"),
    )


def _rule_test(entry: Entry) -> RuleTest:
    values = plain(entry.node)
    expect = values["expect"]
    return RuleTest(
        name=values["name"],
        place=entry.key_place,
        response_class=values["response_class"],
        given=values["given"],
        expect=Expectation(
            rank=expect.get("rank"),
            breaks=tuple(expect["breaks"]) if "breaks" in expect else None,
            keeps=tuple(expect["keeps"]) if "keeps" in expect else None,
        ),
        places=places_within(entry.node),
    )


def places_within(node: Node, prefix: str = "") -> dict[str, Place]:
    """Return the place of every value below a mapping by dotted path (``given``: of each key)."""
    places: dict[str, Place] = {}
    if isinstance(node, MappingNode):
        for key, value in node.entries.items():
            path = f"{prefix}{key}"
            places[path] = node.key_places[key] if prefix == "given." else value.place
            places |= places_within(value, f"{path}.")
    elif isinstance(node, SequenceNode):
        for item in node.items:
            if isinstance(item, ScalarNode):
                places.setdefault(f"{prefix}{item.text}", item.place)
    return places
