"""
Weights, the result of a fit, and their file.

The file is YAML with a format version and the identity of the rule set. It is untrusted input:
every mistake is reported with its place in the file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from rbrctl.errors import FileError, UsageError
from rbrctl.records.files import read_whole, replacing
from rbrctl.records.models import GraderIdentity, RuleSetIdentity
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, YamlProblem, parse_yaml, plain
from rbrctl.wording import did_you_mean

FORMAT = 1
MAX_BYTES = 4 * 1024 * 1024
_KEYS = ("rbrctl_weights", "ruleset", "grader", "fit", "weights")


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of every response class, with the identity of the rule set that they are for."""

    ruleset: RuleSetIdentity
    classes: Mapping[str, Mapping[str, float]]
    """Response class -> feature -> weight, in the order of the features."""
    grader: GraderIdentity | None = None
    """The grader whose answers they were fitted on; None for hand-set weights."""
    fit: Mapping[str, Any] = field(default_factory=dict)
    """How they were fitted. It is for the reader, and does not change the reward."""

    def check(self, ruleset: RuleSet) -> None:
        """Raise UsageError if the weights are for rules with another meaning."""
        if not ruleset.has_digest(self.ruleset.digest):
            raise UsageError(
                f"the weights were fitted for the rule set {self.ruleset.name} "
                f"{self.ruleset.version} ({self.ruleset.digest[:12]}), and these rules are "
                f"{ruleset.name} {ruleset.version} ({ruleset.digest[:12]}): fit them again with "
                "rbrctl reward fit"
            )

    def of_class(self, response_class: str) -> Mapping[str, float]:
        """Return the weights of a class. Raise UsageError if the fit had no pairs of this class."""
        if response_class not in self.classes:
            raise UsageError(
                f"there are no weights for the response class '{response_class}': they are for "
                f"{', '.join(self.classes) or 'none'}"
            )
        return self.classes[response_class]


def weights_text(weights: Weights) -> str:
    """Return the text of a weights file."""
    content: dict[str, Any] = {
        "rbrctl_weights": FORMAT,
        "ruleset": {
            "name": weights.ruleset.name,
            "version": weights.ruleset.version,
            "digest": weights.ruleset.digest,
        },
    }
    if weights.grader is not None:
        given = {
            "kind": weights.grader.kind,
            "model": weights.grader.model,
            "mode": weights.grader.mode,
            "digest": weights.grader.digest,
        }
        content["grader"] = {key: value for key, value in given.items() if value is not None}
    content["weights"] = {
        name: {feature: float(weight) for feature, weight in each.items()}
        for name, each in weights.classes.items()
    }
    if weights.fit:
        # Last, as it can be long and the weights are what people look for.
        content["fit"] = dict(weights.fit)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def write_weights(path: str | Path, weights: Weights) -> None:
    """
    Write a weights file as a whole; if that fails, an existing file stays as it was.

    Raises FileError if it cannot be written.
    """
    text = weights_text(weights)
    with replacing(path) as stream:
        stream.write(text.encode("utf-8"))


def read_weights(path: str | Path) -> Weights:
    """
    Read a weights file.

    Raises FileError if it cannot be read, and UsageError with the place of the mistake if it is not
    a weights file, has another format version, or holds a weight that is not a finite number.
    """
    name = str(path)
    raw = read_whole(path, MAX_BYTES)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"cannot read {name}: it is not UTF-8") from error
    return _WeightsParser(text, name).parse()


class _WeightsParser:
    """Turns the text of a weights file into ``Weights``; every method may raise UsageError."""

    def __init__(self, text: str, name: str) -> None:
        """Take the text, and the name of the file for messages."""
        self._text = text
        self._name = name

    def parse(self) -> Weights:
        """Return the weights of the file."""
        root = self._root()
        for key in root.entries:
            if key not in _KEYS and not key.startswith("x-"):
                hint = did_you_mean(key, _KEYS) or f"the keys are {', '.join(_KEYS)}"
                self._refuse(f"unknown key '{key}'; {hint}", root.key_places[key])
        version = plain(self._entry(root, "rbrctl_weights"))
        if version != FORMAT:
            self._refuse(
                f"this weights file has format {version}, but this version reads format {FORMAT}",
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
                f"{self._name}: this is not a weights file: its first key should be "
                f"'rbrctl_weights: {FORMAT}'. Weights files are written by rbrctl reward fit -o"
            )
        return root

    def _refuse(self, message: str, place: Place) -> NoReturn:
        raise UsageError(f"{place}: {message}")

    def _entry(self, node: MappingNode, key: str) -> Node:
        if key not in node.entries:
            self._refuse(f"the key '{key}' is missing here", node.place)
        return node.entries[key]

    def _mapping(self, node: Node, what: str) -> MappingNode:
        if not isinstance(node, MappingNode):
            self._refuse(f"{what} must be a mapping", node.place)
        return node

    def _text_at(self, node: MappingNode, key: str) -> str:
        value: Any = plain(self._entry(node, key))
        if not isinstance(value, str) or not value:
            self._refuse(f"'{key}' must be a string", node.entries[key].place)
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
