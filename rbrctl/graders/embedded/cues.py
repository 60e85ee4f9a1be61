"""
Cues: words and phrases that hint at a proposition, found in linear time.

A cue is words separated by spaces. ``*`` inside a word stands for any letters, ``...`` between
words for up to five words. Case, punctuation and the form of quotation marks are ignored, and
contractions are written out on both sides ("can't" matches "cannot" and "can not"). A match never
crosses the end of a sentence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from rbrctl.graders.embedded.text import Passage, Sentence, expand_contraction

GAP = "..."
GAP_WORDS = 5
"""The largest number of words that ``...`` can stand for."""
_CACHED_WORDS = 20_000
_NONE: list["_Node"] = []

_CUE_TOKEN = re.compile(r"\.\.\.|…|[^\W_*]*\*[^\W_]*(?:\*[^\W_]*)*|[^\W_]+(?:'[^\W_]+)*")


Elements = tuple[str, ...]
"""Words, wildcard words and gaps, in order."""
Phrase = Sequence[Sequence[Elements]]
"""Parts in order, each a choice of elements; an empty choice makes its part optional."""


def cue_elements(cue: str) -> Elements:
    """
    Return the words, wildcard words and gaps of a cue.

    Gaps at either end and repeated gaps are dropped, because they change nothing. An empty tuple
    means that the cue has no word and matches nothing.
    """
    elements: list[str] = []
    for element in split_elements(cue):
        if element != GAP or (elements and elements[-1] != GAP):
            elements.append(element)
    while elements and elements[-1] == GAP:
        elements.pop()
    return tuple(elements)


def split_elements(text: str) -> Elements:
    """Return the elements of a piece of a cue, without dropping any."""
    elements: list[str] = []
    for token in _CUE_TOKEN.findall(text.lower().replace("’", "'").replace("‘", "'")):
        if token in (GAP, "…"):
            elements.append(GAP)
        elif "*" in token:
            elements.append(token)
        else:
            elements.extend(expand_contraction(token))
    return tuple(elements)


def matches_wildcard(word: str, pattern: str) -> bool:
    """Return True if a word matches a pattern; ``*`` stands for any letters, or none."""
    first, *middle, last = pattern.split("*")
    if len(word) < len(first) + len(last) or not word.startswith(first):
        return False
    if not word.endswith(last):
        return False
    position, limit = len(first), len(word) - len(last)
    for part in middle:
        found = word.find(part, position, limit)
        if found < 0:
            return False
        position = found + len(part)
    return True


@dataclass(slots=True, eq=False)
class _Node:
    """A state of the automaton: its transitions, and the groups whose cues end here."""

    words: dict[str, list["_Node"]] = field(default_factory=dict)
    wildcards: list[tuple[str, "_Node"]] = field(default_factory=list)
    gap: "_Node | None" = None
    """The state to go on from after a gap of up to GAP_WORDS words."""
    groups: list[int] = field(default_factory=list)

    def lead(self, element: str, to: "_Node") -> None:
        """Add a transition for an element."""
        if "*" in element:
            self.wildcards.append((element, to))
        else:
            self.words.setdefault(element, []).append(to)


@dataclass(frozen=True, slots=True)
class Hit:
    """A group of cues found at the words ``start`` to ``end`` (exclusive) of a passage."""

    group: str
    start: int
    end: int


class CueIndex:
    """Finds the phrases of many named groups in one pass over a passage."""

    def __init__(self, groups: Mapping[str, Iterable[Phrase]]) -> None:
        """Build the automaton of all phrases; a phrase without a word matches nothing."""
        self._names: list[str] = list(groups)
        self._root = _Node()
        self._first_words: dict[str, _Node | None] = {}
        self._merges: dict[tuple[_Node, ...], _Node] = {}
        self._first_wildcards: dict[str, list[tuple[str, _Node]]] = {}
        for number, phrases in enumerate(groups.values()):
            for phrase in phrases:
                self._insert(phrase, number)
        for pattern, node in self._root.wildcards:
            initial = "" if pattern.startswith("*") else pattern[0]
            self._first_wildcards.setdefault(initial, []).append((pattern, node))

    @classmethod
    def of_cues(cls, groups: Mapping[str, Iterable[str]]) -> Self:
        """Return an index of cues as an author writes them, by group."""
        return cls({name: [[[cue_elements(cue)]] for cue in cues] for name, cues in groups.items()})

    def _insert(self, phrase: Phrase, group: int) -> None:
        """Add a phrase: each part starts at the nodes where the part before it can end."""
        ends = [self._root]
        for part in phrase:
            joined = _Node()
            reached = [node for node in ends if () in part]
            for elements in part:
                if elements:
                    _chain(ends, elements, joined)
            ends = [*reached, joined]
        for node in ends:
            if node is not self._root:
                node.groups.append(group)

    def find(self, passage: Passage) -> list[Hit]:
        """
        Return all hits in order of their start; the hits of one group do not overlap.

        If several cues of a group match from one word, the longest is the hit. The time is linear
        in the number of words, and at worst words times parts of all cues.
        """
        matches: list[tuple[int, int, int]] = []
        for sentence in passage.sentences:
            self._match_sentence(passage.words, sentence, matches)
        matches.sort(key=lambda match: (match[0], -match[1], match[2]))
        hits: list[Hit] = []
        free_from = [0] * len(self._names)
        for start, end, group in matches:
            if start >= free_from[group]:
                free_from[group] = end
                hits.append(Hit(self._names[group], start, end))
        return hits

    def _match_sentence(
        self, words: Sequence[str], sentence: Sentence, matches: list[tuple[int, int, int]]
    ) -> None:
        """
        Add (start, end, group) of the matches within a sentence.

        All matches are followed at once, as by a nondeterministic automaton. Each state is kept
        once, with the word where its match began and the number of words its gap may still skip.
        """
        active: dict[_Node, tuple[int, int]] = {}
        for at in range(sentence.start, sentence.end):
            word = words[at]
            following: dict[_Node, tuple[int, int]] = {}
            for node, (start, skips) in active.items():
                for child in _next_nodes(node, word):
                    _enter(child, start, at + 1, following, matches)
                if skips and (node not in following or following[node][1] < skips - 1):
                    following[node] = (start, skips - 1)
            begun = self._after_first(word)
            if begun is not None:
                _enter(begun, at, at + 1, following, matches)
            active = following

    def _after_first(self, word: str) -> _Node | None:
        """Return the state after a first word; it is cached, because texts repeat their words."""
        if word not in self._first_words:
            if len(self._first_words) >= _CACHED_WORDS:
                self._first_words.clear()
                self._merges.clear()
            candidates = [
                *self._first_wildcards.get(word[0], ()),
                *self._first_wildcards.get("", ()),
            ]
            matching = [node for pattern, node in candidates if matches_wildcard(word, pattern)]
            self._first_words[word] = self._merged((*self._root.words.get(word, ()), *matching))
        return self._first_words[word]

    def _merged(self, nodes: tuple[_Node, ...]) -> _Node | None:
        """
        Return one node that has the transitions of several, so that one look-up follows them all.

        It is made once for each set of nodes, and dropped when the cache of first words is cleared.
        """
        if len(nodes) <= 1:
            return nodes[0] if nodes else None
        if nodes not in self._merges:
            merged = _Node()
            for node in nodes:
                for word, reached in node.words.items():
                    merged.words.setdefault(word, []).extend(reached)
                merged.wildcards.extend(node.wildcards)
                merged.groups.extend(node.groups)
            merged.gap = self._merged(tuple(node.gap for node in nodes if node.gap is not None))
            self._merges[nodes] = merged
        return self._merges[nodes]


def _chain(starts: Sequence[_Node], elements: Elements, end: _Node) -> None:
    """Add transitions from each start through the elements to the end."""
    nodes = list(starts)
    for at, element in enumerate(elements):
        after = end if at == len(elements) - 1 else _Node()
        for node in nodes:
            if element == GAP:
                node.gap = after
            else:
                node.lead(element, after)
        nodes = [after]


def _enter(
    node: _Node,
    start: int,
    end: int,
    states: dict[_Node, tuple[int, int]],
    matches: list[tuple[int, int, int]],
) -> None:
    """Enter a node: record the groups that end there, and make it an active state."""
    for group in node.groups:
        matches.append((start, end, group))
    if node.words or node.wildcards:
        states.setdefault(node, (start, 0))
    if node.gap is not None:
        states[node.gap] = (start, GAP_WORDS)


def _next_nodes(node: _Node, word: str) -> list[_Node]:
    """Return the states that a word leads to."""
    found = node.words.get(word, _NONE)
    if node.wildcards:
        matching = [to for pattern, to in node.wildcards if matches_wildcard(word, pattern)]
        return [*found, *matching]
    return found
