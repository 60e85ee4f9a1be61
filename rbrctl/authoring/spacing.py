"""Canonical spaces and blank lines, reached without touching a scalar."""

import itertools
import re
from collections.abc import Iterator

from rbrctl.authoring.layout import Layout, is_flow, last_line
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, SequenceNode

SPACED_SECTIONS = ("propositions", "rules", "tests")
"""Sections whose entries of several lines have a blank line between them."""

Edit = tuple[int, int, int, str]
"""Line from 1, start and end offset within it, and what to put there."""


def tidy_lines(layout: Layout) -> list[str]:
    """Strip ends of lines, let one blank line stand where several did, and end with one newline."""
    kept: list[str] = []
    for number, line in enumerate(layout.lines, start=1):
        if number in layout.inside:
            kept.append(line)
            continue
        bare = line.rstrip(" \t\r")
        if bare or (kept and (kept[-1] or number - 1 in layout.inside)):
            kept.append(bare)
    while len(kept) > 1 and not kept[-1] and not kept[-2]:
        kept.pop()
    return [*kept, ""] if kept and kept[-1] else kept


def spaced(layout: Layout) -> list[str]:
    """Put one space after a key's colon and after each comma, and none inside of brackets."""
    lines = list(layout.lines)
    for number, start, end, text in sorted(_edits(layout), reverse=True):
        lines[number - 1] = lines[number - 1][:start] + text + lines[number - 1][end:]
    return lines


def _edits(layout: Layout) -> Iterator[Edit]:
    todo: list[Node] = [] if layout.root is None else [layout.root]
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
                    yield from _gap(layout, place.end_line, start, end, r"\s*:\s+", ": ")
        if is_flow(node, layout.lines) and node.place.line == node.place.end_line:
            yield from _flow_edits(layout, node)


def _flow_edits(layout: Layout, node: MappingNode | SequenceNode) -> Iterator[Edit]:
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
    yield from _gap(layout, line, node.place.column, spans[0][0], r"\s*", "")
    for before, after in itertools.pairwise(spans):
        yield from _gap(layout, line, before[1], after[0], r"\s*,\s*", ", ")
    yield from _gap(layout, line, spans[-1][1], node.place.end_column - 2, r"\s*,?\s*", "")


def _gap(
    layout: Layout, line: int, start: int, end: int, pattern: str, text: str
) -> Iterator[Edit]:
    found = layout.lines[line - 1][start:end]
    if start <= end and found != text and re.fullmatch(pattern, found):
        yield line, start, end, text


def with_blank_lines(layout: Layout) -> list[str]:
    """Put a blank line before each top-level section, and between entries of several lines."""
    root = layout.root
    if not isinstance(root, MappingNode) or is_flow(root, layout.lines):
        return layout.lines
    wanted: set[int] = set()
    places = list(root.key_places.values())
    for (name, node), place in zip(root.entries.items(), places, strict=True):
        several = not isinstance(node, ScalarNode) and last_line(node, layout.lines) > place.line
        if place is not places[0] and several:
            wanted.add(place.line)
        if name in SPACED_SECTIONS:
            wanted |= set(_starts_of_entries(layout, node))
    lines = list(layout.lines)
    for number in sorted(wanted, reverse=True):
        first = _first_comment_above(layout, number)
        if first > 1 and layout.lines[first - 2].strip():
            lines.insert(first - 1, "")
    return lines


def _starts_of_entries(layout: Layout, section: Node) -> Iterator[int]:
    """Give the lines on which entries begin, but for the first, where any takes several lines."""
    if is_flow(section, layout.lines) or isinstance(section, ScalarNode):
        return
    if isinstance(section, MappingNode):
        starts = [place.line for place in section.key_places.values()]
        nodes = list(section.entries.values())
    else:
        starts, nodes = [item.place.line for item in section.items], list(section.items)
    several = [
        last_line(node, layout.lines) > start for node, start in zip(nodes, starts, strict=True)
    ]
    for number, before, here in zip(starts[1:], several, several[1:], strict=False):
        if before or here:
            yield number


def _first_comment_above(layout: Layout, number: int) -> int:
    """Give the first of the comment lines right above a line, or the line itself."""
    while number > 1 and layout.lines[number - 2].lstrip().startswith("#"):
        if number - 1 in layout.inside:
            break
        number -= 1
    return number
