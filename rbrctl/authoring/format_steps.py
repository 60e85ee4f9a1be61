"""Canonical spaces and blank lines, reached without touching a scalar."""

import itertools
import re
import textwrap
from collections.abc import Iterator, Sequence

from rbrctl.authoring.parsed_text import ParsedText, is_flow, last_line, last_line_of
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, SequenceNode

SPACED_SECTIONS = ("propositions", "rules", "tests")
"""Sections whose entries of several lines have a blank line between them."""

Edit = tuple[int, int, int, str]
"""Line from 1, start and end offset within it, and what to put there."""


def tidy_lines(parsed: ParsedText) -> list[str]:
    """Strip ends of lines, let one blank line stand where several did, and end with one newline."""
    kept: list[str] = []
    for number, line in enumerate(parsed.lines, start=1):
        if number in parsed.inside:
            kept.append(line)
            continue
        bare = line.rstrip(" \t\r")
        if bare or (kept and (kept[-1] or number - 1 in parsed.inside)):
            kept.append(bare)
    while len(kept) > 1 and not kept[-1] and not kept[-2]:
        kept.pop()
    return [*kept, ""] if kept and kept[-1] else kept


def spaced(parsed: ParsedText) -> list[str]:
    """Put one space after a key's colon and after each comma, and none inside of brackets."""
    lines = list(parsed.lines)
    for number, start, end, text in sorted(_edits(parsed), reverse=True):
        lines[number - 1] = lines[number - 1][:start] + text + lines[number - 1][end:]
    return lines


def _edits(parsed: ParsedText) -> Iterator[Edit]:
    todo: list[Node] = [] if parsed.root is None else [parsed.root]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, ScalarNode) or id(node) in seen:
            continue
        seen.add(id(node))
        children = node.items if isinstance(node, SequenceNode) else tuple(node.entries.values())
        todo.extend(children)
        if isinstance(node, MappingNode):
            for key, value in node.entries.items():
                place = node.key_places[key]
                if place.end_line == value.place.line:
                    start, end = place.end_column - 1, value.place.column - 1
                    yield from _gap(parsed, place.end_line, start, end, r"\s*:\s+", ": ")
        if is_flow(node, parsed.lines) and node.place.line == node.place.end_line:
            yield from _flow_edits(parsed, node)


def _flow_edits(parsed: ParsedText, node: MappingNode | SequenceNode) -> Iterator[Edit]:
    """Space a collection in brackets that stands on one line."""
    line = node.place.line
    if isinstance(node, SequenceNode):
        spans = [(item.place.column - 1, item.place.end_column - 1) for item in node.items]
    else:
        spans = [
            (node.key_places[key].column - 1, value.place.end_column - 1)
            for key, value in node.entries.items()
        ]
    if not spans:
        return
    yield from _gap(parsed, line, node.place.column, spans[0][0], r"\s*", "")
    for before, after in itertools.pairwise(spans):
        yield from _gap(parsed, line, before[1], after[0], r"\s*,\s*", ", ")
    yield from _gap(parsed, line, spans[-1][1], node.place.end_column - 2, r"\s*,?\s*", "")


def _gap(
    parsed: ParsedText, line: int, start: int, end: int, pattern: str, text: str
) -> Iterator[Edit]:
    found = parsed.lines[line - 1][start:end]
    if start <= end and found != text and re.fullmatch(pattern, found):
        yield line, start, end, text


def with_blank_lines(parsed: ParsedText) -> list[str]:
    """Put a blank line before each top-level section, and between entries of several lines."""
    root = parsed.root
    if not isinstance(root, MappingNode) or is_flow(root, parsed.lines):
        return parsed.lines
    wanted: set[int] = set()
    places = list(root.key_places.values())
    for (name, node), place in zip(root.entries.items(), places, strict=True):
        several = not isinstance(node, ScalarNode) and last_line(node, parsed.lines) > place.line
        if place is not places[0] and several:
            wanted.add(place.line)
        if name in SPACED_SECTIONS:
            wanted |= set(_starts_of_entries(parsed, node))
    lines = list(parsed.lines)
    for number in sorted(wanted, reverse=True):
        first = _first_comment_above(parsed, number)
        if first > 1 and parsed.lines[first - 2].strip():
            lines.insert(first - 1, "")
    return lines


def _starts_of_entries(parsed: ParsedText, section: Node) -> Iterator[int]:
    """Yield the lines where entries begin, except the first, next to entries of several lines."""
    if is_flow(section, parsed.lines) or isinstance(section, ScalarNode):
        return
    if isinstance(section, MappingNode):
        starts = [place.line for place in section.key_places.values()]
        nodes = list(section.entries.values())
    else:
        starts, nodes = [item.place.line for item in section.items], list(section.items)
    several = [
        last_line(node, parsed.lines) > start for node, start in zip(nodes, starts, strict=True)
    ]
    for number, before, here in zip(starts[1:], several, several[1:], strict=False):
        if before or here:
            yield number


def _first_comment_above(parsed: ParsedText, number: int) -> int:
    """Return the first of the comment lines directly above a line, or the line itself."""
    while number > 1 and parsed.lines[number - 2].lstrip().startswith("#"):
        if number - 1 in parsed.inside:
            break
        number -= 1
    return number


LONGEST = 110
"""Lines up to here are left alone."""

FILL = 100
"""Columns that a text is filled to once it is touched."""


def wrapped(parsed: ParsedText) -> list[str]:
    """Return the lines with every text that is too long wrapped."""
    texts = {
        mapping.key_places[key]: value
        for mapping in _block_mappings(parsed.root, parsed)
        for key, value in mapping.entries.items()
        if isinstance(value, ScalarNode) and isinstance(value.value, str)
    }
    lines = parsed.lines
    # From the end, so that the places of those before stay right.
    for place, value in sorted(texts.items(), key=lambda each: each[0], reverse=True):
        lines = _fitted(lines, place.line, place.column - 1, value) or lines
    return lines


def _block_mappings(root: Node | None, parsed: ParsedText) -> Iterator[MappingNode]:
    todo: list[Node] = [] if root is None else [root]
    while todo:
        node = todo.pop()
        if isinstance(node, ScalarNode) or is_flow(node, parsed.lines):
            continue
        if isinstance(node, MappingNode):
            yield node
            todo.extend(node.entries.values())
        elif isinstance(node, SequenceNode):
            todo.extend(node.items)


def _fitted(lines: list[str], line: int, indent: int, value: ScalarNode) -> list[str] | None:
    end = last_line_of(value.place, value.style, lines)
    if all(len(each) <= LONGEST for each in lines[line - 1 : end]):
        return None
    if value.place.line != line or not _folds(value.text):
        return None
    before = lines[line - 1][: value.place.column - 1]
    if value.style == ">":
        header = lines[line - 1][value.place.column - 1 :]
    elif value.style is None or value.style in ("'", '"'):
        if lines[end - 1][value.place.end_column - 1 :].strip():
            # A comment after the text has no place behind a folded scalar's last line.
            return None
        header = ">-"
    else:
        return None
    body = textwrap.wrap(
        value.text.rstrip("\n"),
        FILL - indent - 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
    filled = [" " * (indent + 2) + each for each in body]
    if lines[line - 1 : end] == [before + header, *filled]:
        return None
    return [*lines[: line - 1], before + header, *filled, *lines[end:]]


def _folds(text: str) -> bool:
    """Return True if a text is one paragraph that a folded scalar reads back unchanged."""
    inner = text.rstrip("\n")
    return bool(inner) and "\n" not in inner and inner == " ".join(inner.split())


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
    """Yield the mappings whose keys have an order, by level: innermost first, none overlapping."""
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


def reordered(parsed: ParsedText) -> list[str] | None:
    """Return the lines with the innermost unordered level put in order; None if all are."""
    for level in levels(parsed.root):
        lines = parsed.lines
        # An alias has the place of its anchor: each place once, and from the end of the file.
        apart = {mapping.place: (mapping, order) for mapping, order in level}
        for _, (mapping, order) in sorted(apart.items(), reverse=True):
            keys = list(mapping.entries)
            wanted = sorted(keys, key=lambda key: order.index(key) if key in order else len(order))
            if wanted != keys and not is_flow(mapping, parsed.lines):
                lines = _with_order(lines, mapping, wanted) or lines
        if lines is not parsed.lines:
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
