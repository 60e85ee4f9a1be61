"""
YAML read as a tree in which every node knows its place.

The tree is built from parser events with limits of our own: the composers of the YAML library
recurse with the nesting, keep duplicate keys, and forget where things stood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import yaml

from rbrctl.errors import UsageError
from rbrctl.ruleset.findings import Finding, Place, Related, Severity
from rbrctl.ruleset.yaml_errors import (
    MAX_DEPTH,
    ODD_KEY,
    QUOTE_STARS,
    explain_yaml_error,
    nested_too_deeply,
    place_of_offset,
)
from rbrctl.ruleset.yaml_errors import YamlProblem as YamlProblem

MAX_BYTES = 16 * 1024 * 1024
MAX_NODES = 1_000_000

ScalarValue: TypeAlias = str | bool | int | float | None


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A scalar with the value that YAML 1.2 gives it."""

    value: ScalarValue
    place: Place
    text: str
    style: str | None
    """The quote or block indicator that it was written with; None where it is plain."""
    size: int = 1


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    items: tuple["Node", ...]
    place: Place
    size: int = 1
    """Number of nodes in it, including itself. Aliases count at each use."""


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping with string keys, in file order."""

    entries: dict[str, "Node"]
    key_places: dict[str, Place]
    place: Place
    size: int = 1


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode


def plain(node: Node) -> Any:
    """Return the ordinary Python value of a tree."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def parse_yaml(text: str, file: str) -> tuple[Node | None, list[Finding]]:
    """
    Parse one YAML document; None where it holds nothing but comments.

    Findings are duplicate keys, which keep their first value. Raises YamlProblem for whatever is
    not YAML, and beyond the limits of depth and number of nodes; UsageError where PyYAML comes
    without libyaml.
    """
    builder = _TreeBuilder(file)
    try:
        for event in yaml_events(text):
            builder.take(event)
    except yaml.reader.ReaderError as error:
        character = error.character
        code = character if isinstance(character, int) else ord(character[:1])
        raise YamlProblem(
            f"the character U+{code:04X} is not allowed in YAML",
            place_of_offset(file, text, error.position),
            "write it as an escape inside double quotes",
        ) from None
    except yaml.MarkedYAMLError as error:
        raise explain_yaml_error(error, file, text) from None
    return builder.root, builder.findings


@dataclass(slots=True)
class _Open:
    """A collection that is still being read."""

    start: Any
    anchor: str | None
    mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    key_places: dict[str, Place] = field(default_factory=dict)
    key: ScalarNode | None = None
    size: int = 1


class _TreeBuilder:
    """Turns events into nodes with a stack of its own."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0
        self._nodes = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise YamlProblem(
                        "a second document in one file",
                        self._place(event),
                        "put it into a file of its own",
                    )
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise YamlProblem(
                        f"'*{event.anchor}' refers to an anchor that is not defined before it",
                        self._place(event),
                        QUOTE_STARS,
                    )
                target = self._anchors[event.anchor]
                self._count(target.size, event)
                self._add(target, None, self._place(event))
            case yaml.ScalarEvent():
                self._refuse_tag(event)
                self._count(1, event)
                self._add(self._scalar(event), event.anchor, self._place(event))
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._start(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end(event)

    def _place(self, event: Any, start: Any = None) -> Place:
        begin, end = start or event.start_mark, event.end_mark
        return Place(self._file, begin.line + 1, begin.column + 1, end.line + 1, end.column + 1)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise YamlProblem(
                f"more than {MAX_NODES:,} nodes, aliases counted at each use",
                self._place(event),
                "split the file, and use fewer aliases",
            )

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is None:
            return
        hint = "tags have no meaning here: leave it out"
        name = event.tag.removeprefix("!") or str(getattr(event, "value", ""))
        if event.tag.startswith("!") and name:
            # What other languages write for 'not', YAML takes for a tag.
            hint = f"write 'not {name}' for what must not be; else leave it out: tags mean nothing"
        raise YamlProblem(f"the tag '{event.tag}' is refused", self._place(event), hint)

    def _start(self, event: Any) -> None:
        self._refuse_tag(event)
        self._count(1, event)
        if len(self._open) >= MAX_DEPTH:
            raise nested_too_deeply(self._place(event))
        if self._open and self._open[-1].mapping and self._open[-1].key is None:
            raise YamlProblem(ODD_KEY, self._place(event), "write a word")
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(event.start_mark, event.anchor, mapping))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        place = self._place(event, done.start)
        node: Node
        if done.mapping:
            node = MappingNode(done.entries, done.key_places, place, done.size)
        else:
            node = SequenceNode(tuple(done.items), place, done.size)
        self._add(node, done.anchor, place)

    def _add(self, node: Node, anchor: str | None, place: Place) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = None if isinstance(node, ScalarNode) and node.text == "" else node
            return
        parent = self._open[-1]
        parent.size += node.size
        if not parent.mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._as_key(node, place)
        else:
            self._put(parent, parent.key, node, place)
            parent.key = None

    def _as_key(self, node: Node, place: Place) -> ScalarNode:
        if not isinstance(node, ScalarNode):
            raise YamlProblem(ODD_KEY, place, "write a word")
        return ScalarNode(node.value, place, node.text, node.style)

    def _put(self, parent: _Open, key: ScalarNode, value: Node, place: Place) -> None:
        name = key.text
        if name not in parent.entries:
            parent.entries[name] = value
            parent.key_places[name] = key.place
            return
        self.findings.append(
            Finding(
                "duplicate-name",
                Severity.ERROR,
                f"the key '{name}' appears twice in one mapping",
                key.place,
                "rename or remove one of them",
                (Related(parent.key_places[name], "first here"),),
            )
        )

    def _scalar(self, event: Any) -> ScalarNode:
        value: ScalarValue = event.value
        if event.implicit[0] and event.style in (None, ""):
            value = _resolve(event.value)
        return ScalarNode(value, self._place(event), event.value, event.style or None)


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


def _resolve(text: str) -> ScalarValue:
    """Return a plain scalar's value by YAML 1.2's core schema (``true`` and ``false`` only)."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) < 40 and _FLOAT.fullmatch(text):
        return float(text)
    return text


def walk(node: Node) -> Iterator[Node]:
    """Walk over a node and all below it, an alias's target once a use."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        if isinstance(current, SequenceNode):
            todo.extend(current.items)
        elif isinstance(current, MappingNode):
            todo.extend(current.entries.values())


def yaml_events(text: str) -> Iterator[Any]:
    """
    Yield PyYAML's events; it raises ``yaml.YAMLError`` where the text is not YAML.

    Raises UsageError where PyYAML comes without libyaml: its own reader knows another language,
    which lacks ``{question: Is it?}``, for one.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        raise UsageError(
            "PyYAML is installed here without libyaml, and reads YAML otherwise than it: "
            "pip install --force-reinstall --only-binary :all: pyyaml (or, where there is no such "
            "wheel, build it with libyaml's headers)"
        )
    return cast("Iterator[Any]", yaml.parse(text, Loader=loader))
