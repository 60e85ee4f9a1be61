"""
Contradictions in what orders the completions; nobody knows which side is wrong.

All of them are left out.

Preferences contradict each other if they form a cycle: A over B, B over C, and C over A. Labels do
so if the same completion has two labels in one group of which one beats the other.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rbrctl.rewards.pairs.candidates import Candidate, SkipCounts
from rbrctl.rewards.pairs.orderings import Ordering
from rbrctl.rewards.pairs.preferences import Preference

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The same completion, in one group, with labels of which one beats the other."""

    ids: tuple[str, str]
    labels: tuple[str, str]


def without_contradictions(
    candidates: Sequence[Candidate], ordering: Ordering, skipped: SkipCounts
) -> tuple[list[Candidate], list[Contradiction]]:
    """
    Return the candidates that are not contradicted, and the contradictions.

    The other candidates are counted in ``skipped``. Preferences are checked by
    ``PreferenceCycles``, since what contradicts itself there is a pair of texts.
    """
    seen: dict[tuple[str, str, str], dict[str, Candidate]] = {}
    bad: set[tuple[str, str, str]] = set()
    contradictions: list[Contradiction] = []
    for candidate in candidates:
        key = _key(candidate)
        labels = seen.setdefault(key, {})
        for label, first in labels.items():
            pair = (label, candidate.label)
            if pair in ordering.margins or pair[::-1] in ordering.margins:
                bad.add(key)
                contradictions.append(Contradiction((first.id, candidate.id), pair))
        labels.setdefault(candidate.label, candidate)
    kept: list[Candidate] = []
    for candidate in candidates:
        if _key(candidate) in bad:
            skipped.add("contradictory labels", candidate.id)
        else:
            kept.append(candidate)
    return kept, contradictions


def _key(candidate: Candidate) -> tuple[str, str, str]:
    """Return what must not have two labels that beat each other: a text of a group and class."""
    return candidate.response_class, candidate.group, candidate.content


class PreferenceCycles:
    """Finds preferences that form a cycle: A over B and B over A, or a longer one."""

    def __init__(self) -> None:
        """Start without preferences."""
        self._seen: list[tuple[str, str, str]] = []

    def add(self, preference: Preference) -> None:
        """Take a preference into account."""
        better, worse = (each.content_digest for each in preference.transcripts)
        self._seen.append((better, worse, preference.id))

    def found(self) -> list[tuple[str, ...]]:
        """Return the ids of the preferences that contradict each other, one tuple a component."""
        component = strongly_connected((better, worse) for better, worse, _ in self._seen)
        cycles: dict[int, list[str]] = {}
        for better, worse, id in self._seen:
            # Every edge inside a strongly connected component lies on some cycle.
            if component[better] == component[worse]:
                cycles.setdefault(component[better], []).append(id)
        return [tuple(ids) for ids in cycles.values()]


def strongly_connected(edges: Iterable[tuple[Node, Node]]) -> dict[Node, int]:
    """
    Return the number of each node's strongly connected component.

    Two nodes are in the same component if each can be reached from the other. Source: S. Kosaraju's
    algorithm, as in A. Aho, J. Hopcroft, J. Ullman, *Data Structures and Algorithms*, section 6.7;
    without recursion, since a cycle can be as long as a file.
    """
    after: dict[Node, list[Node]] = {}
    before: dict[Node, list[Node]] = {}
    for first, second in edges:
        for node in (first, second):
            after.setdefault(node, [])
            before.setdefault(node, [])
        after[first].append(second)
        before[second].append(first)
    component: dict[Node, int] = {}
    for start in reversed(_postorder(after)):
        pending = [start] if start not in component else []
        number = len(component)
        while pending:
            node = pending.pop()
            if node not in component:
                component[node] = number
                pending += before[node]
    return component


def _postorder(after: dict[Node, list[Node]]) -> list[Node]:
    """Return the nodes in the order in which a depth-first search leaves them."""
    left: list[Node] = []
    seen: set[Node] = set()
    for start in after:
        pending = [(start, False)]
        while pending:
            node, leaving = pending.pop()
            if leaving:
                left.append(node)
            elif node not in seen:
                seen.add(node)
                pending.append((node, True))
                pending += [(each, False) for each in after[node]]
    return left
