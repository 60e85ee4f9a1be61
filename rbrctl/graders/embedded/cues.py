"""
Cues: words and phrases that hint at a proposition, found in linear time.

A cue is words separated by spaces. ``*`` inside a word stands for any letters, ``...`` between
words for up to five words. Case, punctuation and the shape of quotation marks do not count, and
contractions are written out on both sides ("can't" meets "cannot" and "can not"). A match never
crosses the end of a sentence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rbrctl.graders.embedded.text import Passage, Sentence, expand_contraction

GAP = "..."
GAP_WORDS = 5
"""How many words ``...`` may stand for at most."""
_CACHED_WORDS = 20_000

_CUE_TOKEN = re.compile(r"\.\.\.|…|[^\W_*]*\*[^\W_]*(?:\*[^\W_]*)*|[^\W_]+(?:'[^\W_]+)*")


def cue_elements(cue: str) -> tuple[str, ...]:
    """
    Split a cue into its words, wildcard words and gaps.

    Gaps at either end and repeated gaps are dropped: they would change nothing. An empty tuple
    means that the cue has no word in it and can match nothing.
    """
    elements: list[str] = []
    for token in _CUE_TOKEN.findall(cue.lower().replace("’", "'").replace("‘", "'")):
        if token in (GAP, "…"):
            if elements and elements[-1] != GAP:
                elements.append(GAP)
        elif "*" in token:
            elements.append(token)
        else:
            elements.extend(expand_contraction(token))
    while elements and elements[-1] == GAP:
        elements.pop()
    return tuple(elements)


def matches_wildcard(word: str, pattern: str) -> bool:
    """Tell whether a word matches a pattern in which ``*`` stands for any letters, also none."""
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
    """A state of the cue tree: where the next word leads, and which groups end here."""

    words: dict[str, "_Node"] = field(default_factory=dict)
    wildcards: dict[str, "_Node"] = field(default_factory=dict)
    gap: "_Node | None" = None
    groups: list[int] = field(default_factory=list)

    def child(self, element: str) -> "_Node":
        if element == GAP:
            self.gap = self.gap or _Node()
            return self.gap
        branch = self.wildcards if "*" in element else self.words
        return branch.setdefault(element, _Node())


@dataclass(frozen=True, slots=True)
class Hit:
    """A group of cues found at the words ``start`` to ``end`` (exclusive) of a passage."""

    group: str
    start: int
    end: int


class CueIndex:
    """Finds the cues of many named groups in one pass over a passage."""

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        """Build the tree of all cues; a cue without any word in it matches nothing."""
        self._names: list[str] = list(groups)
        self._root = _Node()
        self._first_words: dict[str, tuple[_Node, ...]] = {}
        self._first_wildcards: dict[str, list[tuple[str, _Node]]] = {}
        for number, cues in enumerate(groups.values()):
            for cue in cues:
                self._insert(cue_elements(cue), number)
        for pattern, node in self._root.wildcards.items():
            initial = "" if pattern.startswith("*") else pattern[0]
            self._first_wildcards.setdefault(initial, []).append((pattern, node))

    def _insert(self, elements: Sequence[str], group: int) -> None:
        if not elements:
            return
        node = self._root
        for element in elements:
            node = node.child(element)
        if group not in node.groups:
            node.groups.append(group)

    def find(self, passage: Passage) -> list[Hit]:
        """
        Give all hits in order of their start; those of one group do not overlap.

        Where several cues of a group match from one word, the longest is the hit. Takes time in
        proportion to the words, and at worst to the words times the parts of all cues.
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

        All places are followed at once, as by an automaton: a state is kept once, with where it
        began and how many words its gap may still skip.
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
            for child in self._after_first(word):
                _enter(child, at, at + 1, following, matches)
            active = following

    def _after_first(self, word: str) -> tuple[_Node, ...]:
        """Give the states after a first word; remembered, since texts repeat their words."""
        known = self._first_words.get(word)
        if known is None:
            if len(self._first_words) >= _CACHED_WORDS:
                self._first_words.clear()
            exact = self._root.words.get(word)
            candidates = [
                *self._first_wildcards.get(word[0], ()),
                *self._first_wildcards.get("", ()),
            ]
            matching = [node for pattern, node in candidates if matches_wildcard(word, pattern)]
            known = (exact, *matching) if exact is not None else tuple(matching)
            self._first_words[word] = known
        return known


def _enter(
    node: _Node,
    start: int,
    end: int,
    states: dict[_Node, tuple[int, int]],
    matches: list[tuple[int, int, int]],
) -> None:
    """Arrive at a node: note the groups that end there, and go on from it."""
    for group in node.groups:
        matches.append((start, end, group))
    if node.words or node.wildcards:
        states.setdefault(node, (start, 0))
    if node.gap is not None:
        states[node.gap] = (start, GAP_WORDS)


def _next_nodes(node: _Node, word: str) -> list[_Node]:
    """Give the states that a word leads to."""
    found = [node.words[word]] if word in node.words else []
    for pattern, child in node.wildcards.items():
        if matches_wildcard(word, pattern):
            found.append(child)
    return found
