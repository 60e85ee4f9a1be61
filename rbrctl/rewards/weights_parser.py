"""Reading a weights file as the untrusted input that it is, with the place of every mistake."""

import math
from typing import Any, NoReturn

from rbrctl.errors import UsageError
from rbrctl.records.models import GraderIdentity, RuleSetIdentity
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, YamlProblem, parse_yaml, plain
from rbrctl.wording import did_you_mean

FORMAT = 1

_KEYS = ("rbrctl_weights", "ruleset", "grader", "fit", "weights")


class WeightsParser:
    """Turns the text of one weights file into Weights; every method may raise UsageError."""

    def __init__(self, text: str, name: str) -> None:
        """Take the text, and the name that messages use for the file."""
        self._text = text
        self._name = name

    def parse(self) -> Weights:
        """Read the whole file."""
        root = self._root()
        for key in root.entries:
            if key not in _KEYS and not key.startswith("x-"):
                hint = did_you_mean(key, _KEYS) or f"the keys are {', '.join(_KEYS)}"
                self._refuse(f"unknown key '{key}'; {hint}", root.key_places[key])
        version = plain(self._entry(root, "rbrctl_weights"))
        if version != FORMAT:
            self._refuse(
                f"this is format {version} of a weights file, and this version reads {FORMAT}",
                root.entries["rbrctl_weights"].place,
            )
        grader = root.entries.get("grader")
        fit = root.entries.get("fit")
        return Weights(
            ruleset=self._ruleset(self._entry(root, "ruleset")),
            classes=self._classes(self._entry(root, "weights")),
            grader=None if grader is None else self._grader(grader),
            fit=plain(fit) if isinstance(fit, MappingNode) else {},
        )

    def _root(self) -> MappingNode:
        try:
            root, findings = parse_yaml(self._text, self._name)
        except YamlProblem as problem:
            place = problem.finding.place
            raise UsageError(f"{place or self._name}: {problem.finding.message}") from problem
        if findings:
            raise UsageError(f"{findings[0].place or self._name}: {findings[0].message}")
        if not isinstance(root, MappingNode) or "rbrctl_weights" not in root.entries:
            raise UsageError(
                f"{self._name}: this is no weights file: its first key should be "
                f"'rbrctl_weights: {FORMAT}'; one is made by rbrctl reward fit"
            )
        return root

    def _refuse(self, message: str, place: Place) -> NoReturn:
        raise UsageError(f"{place}: {message}")

    def _entry(self, node: MappingNode, key: str) -> Node:
        if key not in node.entries:
            self._refuse(f"there is no '{key}' here", node.place)
        return node.entries[key]

    def _mapping(self, node: Node, what: str) -> MappingNode:
        if not isinstance(node, MappingNode):
            self._refuse(f"{what} must be a mapping", node.place)
        return node

    def _text_at(self, node: MappingNode, key: str) -> str:
        value: Any = plain(self._entry(node, key))
        if not isinstance(value, str) or not value:
            self._refuse(f"'{key}' must be a text", node.entries[key].place)
        return value

    def _ruleset(self, node: Node) -> RuleSetIdentity:
        mapping = self._mapping(node, "ruleset")
        return RuleSetIdentity(
            *(self._text_at(mapping, key) for key in ("name", "version", "digest"))
        )

    def _grader(self, node: Node) -> GraderIdentity:
        mapping = self._mapping(node, "grader")
        model, mode = (
            self._text_at(mapping, key) if key in mapping.entries else None
            for key in ("model", "mode")
        )
        return GraderIdentity(
            self._text_at(mapping, "kind"), self._text_at(mapping, "digest"), model, mode
        )

    def _classes(self, node: Node) -> dict[str, dict[str, float]]:
        classes: dict[str, dict[str, float]] = {}
        for name, entry in self._mapping(node, "weights").entries.items():
            features = self._mapping(entry, f"the weights of {name}")
            classes[name] = {
                feature: self._number(value, f"the weight of {name} / {feature}")
                for feature, value in features.entries.items()
            }
        if not classes:
            self._refuse("there are no weights in this file", node.place)
        return classes

    def _number(self, node: Node, what: str) -> float:
        value = node.value if isinstance(node, ScalarNode) else None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            self._refuse(f"{what} must be a finite number", node.place)
        return float(value)
