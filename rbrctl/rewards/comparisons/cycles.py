"""What goes round in a circle: A before B, B before C, and C before A."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def components(edges: Iterable[tuple[Node, Node]]) -> dict[Node, int]:
    """
    Number the strongly connected components of a graph: two nodes of one are before each other.

    Source: S. Kosaraju's algorithm, as in A. Aho, J. Hopcroft, J. Ullman, *Data Structures and
    Algorithms*, section 6.7; without recursion, since a circle can be as long as a file.
    """
    after: dict[Node, list[Node]] = {}
    before: dict[Node, list[Node]] = {}
    for first, second in edges:
        for node in (first, second):
            after.setdefault(node, [])
            before.setdefault(node, [])
        after[first].append(second)
        before[second].append(first)
    number: dict[Node, int] = {}
    for start in reversed(_by_end_of_visit(after)):
        pending = [start] if start not in number else []
        mark = len(number)
        while pending:
            node = pending.pop()
            if node not in number:
                number[node] = mark
                pending += before[node]
    return number


def _by_end_of_visit(after: dict[Node, list[Node]]) -> list[Node]:
    """Give the nodes as a depth-first search leaves them."""
    ended: list[Node] = []
    seen: set[Node] = set()
    for start in after:
        pending = [(start, False)]
        while pending:
            node, leaving = pending.pop()
            if leaving:
                ended.append(node)
            elif node not in seen:
                seen.add(node)
                pending.append((node, True))
                pending += [(each, False) for each in after[node]]
    return ended
