"""The places of scalars and comments in a YAML text, so that edits of its lines spare them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rbrctl.errors import RuleSetError
from rbrctl.ruleset.findings import Place, Severity
from rbrctl.ruleset.yaml_tree import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    YamlProblem,
    parse_yaml,
)

BLOCK_STYLES = ("|", ">")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*$")


@dataclass(frozen=True, slots=True)
class ParsedText:
    """A parsed text: its lines, its tree, and which lines belong to scalars of several lines."""

    lines: list[str]
    root: Node | None
    inside: frozenset[int]
    """Numbers, from 1, of the lines that continue a scalar begun on an earlier line."""

    def comments(self) -> list[str]:
        """Return the text of every comment, in the order of the file."""
        spans = self._spans()
        found = []
        for number, line in enumerate(self.lines, start=1):
            if number not in self.inside and (at := _comment_at(line, spans.get(number, []))) >= 0:
                found.append(line[at:].strip())
        return found

    def _spans(self) -> dict[int, list[tuple[int, int]]]:
        """Return for each line the columns, from 0, that scalars take on it."""
        spans: dict[int, list[tuple[int, int]]] = {}
        for place, style in scalar_places(self.root):
            if style in BLOCK_STYLES:
                # Only the indicator itself: a comment may follow it.
                spans.setdefault(place.line, []).append((place.column - 1, place.column))
                continue
            for line in range(place.line, place.end_line + 1):
                start = place.column - 1 if line == place.line else 0
                end = place.end_column - 1 if line == place.end_line else len(self.lines[line - 1])
                spans.setdefault(line, []).append((start, end))
        return spans


def _comment_at(line: str, spans: list[tuple[int, int]]) -> int:
    for match in _COMMENT.finditer(line):
        at = match.start()
        while at >= 0:
            if not any(start <= at < end for start, end in spans):
                return at
            at = _next_comment(line, at + 1)
    return -1


def _next_comment(line: str, start: int) -> int:
    at = line.find("#", start)
    while at > 0 and line[at - 1] not in " \t":
        at = line.find("#", at + 1)
    return at


def parse_text(text: str, file: str) -> ParsedText:
    """Parse a text; raises RuleSetError where it is not the YAML that we read."""
    try:
        root, duplicates = parse_yaml(text, file)
    except YamlProblem as problem:
        raise RuleSetError(f"{problem.finding.place}: {problem}") from None
    for finding in duplicates:
        if finding.severity is Severity.ERROR:
            raise RuleSetError(f"{finding.place}: {finding.message}")
    lines = text.split("\n")
    inside: set[int] = set()
    for place, style in scalar_places(root):
        inside.update(range(place.line + 1, last_line_of(place, style, lines) + 1))
    return ParsedText(lines, root, frozenset(inside))


def scalar_places(root: Node | None) -> Iterator[tuple[Place, str | None]]:
    """Walk over the places of all keys and scalars, each with its style; aliases included."""
    todo = [] if root is None else [root]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            yield node.place, node.style
        elif isinstance(node, SequenceNode):
            todo.extend(node.items)
        else:
            yield from ((place, None) for place in node.key_places.values())
            todo.extend(node.entries.values())


def last_line_of(place: Place, style: str | None, lines: list[str]) -> int:
    """Return the number of a scalar's last line with text, without blank lines behind it."""
    if style not in BLOCK_STYLES:
        return place.end_line
    last = place.end_line if place.end_column > 1 else place.end_line - 1
    last = min(last, len(lines))
    keeps = "+" in lines[place.line - 1][place.column - 1 : place.column + 2]
    while not keeps and last > place.line and not lines[last - 1].strip():
        last -= 1
    return max(last, place.line)


def is_flow(node: Node, lines: list[str]) -> bool:
    """Return whether a collection is written in brackets or braces."""
    if isinstance(node, ScalarNode):
        return False
    line = lines[node.place.line - 1]
    return line[node.place.column - 1 : node.place.column] in ("[", "{")


def last_line(node: Node, lines: list[str]) -> int:
    """Return the number of the last line with text of a node."""
    if isinstance(node, ScalarNode):
        return last_line_of(node.place, node.style, lines)
    if is_flow(node, lines):
        return node.place.end_line
    children = node.items if isinstance(node, SequenceNode) else tuple(node.entries.values())
    below = [last_line(child, lines) for child in children]
    keys = list(node.key_places.values()) if isinstance(node, MappingNode) else []
    return max([*below, *(place.end_line for place in keys), node.place.line])
