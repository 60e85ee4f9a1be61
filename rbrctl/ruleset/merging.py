"""The entries of a rule set gathered from its files and those of its base."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rbrctl.ruleset.documents import Document
from rbrctl.ruleset.expression_text import FileText
from rbrctl.ruleset.findings import Finding, Place, Related, Severity
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, SequenceNode

ONCE = ("rbrctl", "name", "version", "description", "ranks", "base", "grader", "policy", "features")
MERGED = ("response_classes", "propositions", "definitions", "rules")
# Propositions and definitions are told apart by nothing in an expression: they share their names.
_NAMESPACES = {"propositions": "name", "definitions": "name"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One named part of the set, and the file that it stands in."""

    name: str
    node: Node
    key_place: Place
    file: FileText
    section: str


@dataclass(slots=True)
class Gathered:
    """Everything that the files say, base first, before any of it is given a meaning."""

    once: dict[str, Entry] = field(default_factory=dict)
    sections: dict[str, dict[str, Entry]] = field(
        default_factory=lambda: {section: {} for section in MERGED}
    )
    axioms: list[tuple[ScalarNode, FileText]] = field(default_factory=list)
    tests: dict[tuple[str, Place], Entry] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def gather(layers: Iterable[Iterable[Document]]) -> Gathered:
    """Merge the documents of each layer, the deepest base first."""
    gathered = Gathered()
    for documents in layers:
        _Layer(gathered).take(documents)
    return gathered


class _Layer:
    """One rule set's own files, merged over what its base gave."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._once: dict[str, Entry] = {}
        self._own: dict[tuple[str, str], Entry] = {}
        self._inherited = {
            (_NAMESPACES.get(section, section), name): entry
            for section, entries in gathered.sections.items()
            for name, entry in entries.items()
        }
        self._inherited_tests = {entry.name: key for key, entry in gathered.tests.items()}

    def take(self, documents: Iterable[Document]) -> None:
        for document in documents:
            file = FileText(document.file, document.text)
            for key, node in document.root.entries.items():
                entry = Entry(key, node, document.root.key_places[key], file, key)
                if key in ONCE:
                    self._add_once(entry)
                elif key in MERGED and isinstance(node, MappingNode):
                    for name, value in node.entries.items():
                        self._add(Entry(name, value, node.key_places[name], file, key))
                elif isinstance(node, SequenceNode):
                    self._add_list(key, node, file)
        self._gathered.once |= self._once

    def _add_list(self, key: str, node: SequenceNode, file: FileText) -> None:
        for item in node.items:
            if key == "axioms" and isinstance(item, ScalarNode):
                self._gathered.axioms.append((item, file))
            elif key == "tests" and isinstance(item, MappingNode):
                self._add_test(item, file)

    def _add_once(self, entry: Entry) -> None:
        first = self._once.setdefault(entry.name, entry)
        if first is not entry:
            self._twice(
                entry, first, f"'{entry.name}' may appear only once in the whole set", "remove one"
            )

    def _add(self, entry: Entry) -> None:
        key = (_NAMESPACES.get(entry.section, entry.section), entry.name)
        first = self._own.setdefault(key, entry)
        inherited = self._inherited.get(key)
        if first is not entry:
            self._twice(entry, first, f"'{entry.name}' is defined twice", "rename or remove one")
        elif inherited is None:
            self._put(entry)
            self._refuse_needless_override(entry)
        elif not _overrides(entry.node):
            hint = "rename it, or say 'override: replace' in it"
            self._twice(entry, inherited, f"'{entry.name}' is already defined in the base", hint)
        else:
            if inherited.section != entry.section:
                del self._gathered.sections[inherited.section][entry.name]
            self._put(entry)

    def _put(self, entry: Entry) -> None:
        self._gathered.sections[entry.section][entry.name] = entry

    def _add_test(self, node: MappingNode, file: FileText) -> None:
        name_node = node.entries["name"]
        name = name_node.text if isinstance(name_node, ScalarNode) else ""
        entry = Entry(name, node, name_node.place, file, "tests")
        if _overrides(node):
            replaced = self._inherited_tests.pop(name, None)
            if replaced is None:
                self._refuse_needless_override(entry)
            else:
                del self._gathered.tests[replaced]
        self._gathered.tests[name, node.place] = entry

    def _refuse_needless_override(self, entry: Entry) -> None:
        if _overrides(entry.node):
            message = f"the base has no '{entry.name}' to replace"
            hint = "leave 'override' out, or correct the name"
            self._report(Finding("override", Severity.ERROR, message, entry.key_place, hint))

    def _twice(self, entry: Entry, first: Entry, message: str, hint: str) -> None:
        related = (Related(first.key_place, "first here"),)
        self._report(
            Finding("duplicate-name", Severity.ERROR, message, entry.key_place, hint, related)
        )

    def _report(self, finding: Finding) -> None:
        self._gathered.findings.append(finding)


def _overrides(node: Node) -> bool:
    return isinstance(node, MappingNode) and "override" in node.entries
