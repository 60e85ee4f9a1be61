"""The canonical order of keys, reached by moving whole lines."""

from collections.abc import Iterator, Sequence

from rbrctl.authoring.layout import Layout, is_flow, last_line
from rbrctl.ruleset.yaml_tree import MappingNode, Node, SequenceNode

TOP = (
    *("rbrctl", "name", "version", "description", "base", "ranks", "response_classes", "axioms"),
    *("policy", "grader", "propositions", "definitions", "rules", "features", "tests"),
)
RESPONSE_CLASS = ("description", "extends", "aliases", "override")
PROPOSITION = (
    *("statement", "question", "cues", "examples"),
    *("tags", "source", "deprecated", "override"),
)
RULE = (
    *("text", "response_classes", "require", "otherwise", "severity"),
    *("tags", "source", "deprecated", "override"),
)
EXAMPLE = ("prompt", "user", "assistant", "answer", "why")
TEST = ("name", "response_class", "given", "expect", "override")
EXPECT = ("rank", "breaks", "keeps")
_ENTRIES = {"response_classes": RESPONSE_CLASS, "propositions": PROPOSITION, "rules": RULE}


def levels(root: Node | None) -> Iterator[list[tuple[MappingNode, Sequence[str]]]]:
    """Give the mappings whose keys have an order, innermost first; those of a level are apart."""
    if not isinstance(root, MappingNode):
        return
    entries = list(_entries(root))
    tests = _mappings(root.entries.get("tests"))
    examples = [
        (each, EXAMPLE) for entry, _ in entries for each in _mappings(entry.entries.get("examples"))
    ]
    expectations = [
        (expect, EXPECT)
        for test in tests
        if isinstance(expect := test.entries.get("expect"), MappingNode)
    ]
    yield [*examples, *expectations]
    yield [*entries, *((test, TEST) for test in tests)]
    yield [(root, TOP)]


def _entries(root: MappingNode) -> Iterator[tuple[MappingNode, Sequence[str]]]:
    for section, order in _ENTRIES.items():
        entries = root.entries.get(section)
        if isinstance(entries, MappingNode):
            for entry in entries.entries.values():
                if isinstance(entry, MappingNode):
                    yield entry, order


def _mappings(node: Node | None) -> list[MappingNode]:
    items = node.items if isinstance(node, SequenceNode) else ()
    return [item for item in items if isinstance(item, MappingNode)]


def reordered(layout: Layout) -> list[str] | None:
    """Give the lines with the innermost level in order that is not; None where all are."""
    for level in levels(layout.root):
        lines = layout.lines
        # An alias has the place of its anchor: each place once, and from the end of the file.
        apart = {mapping.place: (mapping, order) for mapping, order in level}
        for _, (mapping, order) in sorted(apart.items(), reverse=True):
            keys = list(mapping.entries)
            wanted = sorted(keys, key=lambda key: order.index(key) if key in order else len(order))
            if wanted != keys and not is_flow(mapping, layout.lines):
                lines = _with_order(lines, mapping, wanted) or lines
        if lines is not layout.lines:
            return lines
    return None


def _with_order(lines: list[str], mapping: MappingNode, wanted: list[str]) -> list[str] | None:
    """Move each key with its value and the comments above it; None where that cannot be done."""
    keys = list(mapping.entries)
    starts = [mapping.key_places[key].line for key in keys]
    ends = [last_line(mapping.entries[key], lines) for key in keys]
    if any(start <= end for start, end in zip(starts[1:], ends, strict=False)):
        return None
    indent = mapping.key_places[keys[0]].column - 1
    prefix = lines[starts[0] - 1][:indent]
    leads = [[], *(lines[end : start - 1] for end, start in zip(ends, starts[1:], strict=False))]
    chunks = dict(zip(keys, zip(leads, starts, ends, strict=True), strict=True))
    moved: list[str] = []
    for place, key in enumerate(wanted):
        lead, start, end = chunks[key]
        body = [lines[start - 1][indent:], *lines[start:end]]
        if place == 0 and any(line.strip() for line in lead):
            # A comment would come to stand above the dash, or above the file's own header.
            return None
        head = prefix if place == 0 else " " * indent
        moved += [*(lead if place else []), head + body[0], *body[1:]]
    return [*lines[: starts[0] - 1], *moved, *lines[ends[-1] :]]
