"""Long texts filled into lines, as folded scalars that mean the same."""

import textwrap
from collections.abc import Iterator

from rbrctl.authoring.layout import Layout, is_flow, last_line_of
from rbrctl.ruleset.yaml_tree import MappingNode, Node, ScalarNode, SequenceNode

LONGEST = 110
"""Lines up to here are left alone."""

FILL = 100
"""Columns that a text is filled to once it is touched."""


def wrapped(layout: Layout) -> list[str]:
    """Give the lines with every text filled that is too long."""
    texts = {
        mapping.key_places[key]: value
        for mapping in _mappings(layout.root, layout)
        for key, value in mapping.entries.items()
        if isinstance(value, ScalarNode) and isinstance(value.value, str)
    }
    lines = layout.lines
    # From the end, so that the places of those before stay right.
    for place, value in sorted(texts.items(), key=lambda each: each[0], reverse=True):
        lines = _fitted(lines, place.line, place.column - 1, value) or lines
    return lines


def _mappings(root: Node | None, layout: Layout) -> Iterator[MappingNode]:
    todo: list[Node] = [] if root is None else [root]
    while todo:
        node = todo.pop()
        if isinstance(node, ScalarNode) or is_flow(node, layout.lines):
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
    """Tell whether a text is one paragraph that folding gives back as it was."""
    inner = text.rstrip("\n")
    return bool(inner) and "\n" not in inner and inner == " ".join(inner.split())
