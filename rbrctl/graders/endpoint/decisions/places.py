"""
Which question each of a list of answers belongs to.

Answers should repeat the names of their questions. Gateways drop or rename that field, so others
that tell the place are looked at too: an order that they contradict must not be trusted.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rbrctl.graders.endpoint.http.json_body import shown

_OTHER_LABELS = ("id", "question", "key", "index")
_NUMBER_AT_END = re.compile(r"[^0-9]*([0-9]{1,6})", re.ASCII)


def placed_answers(answers: Any, group: Sequence[str]) -> list[tuple[str, Any]] | str:
    """
    Return the answers, each with the name of its question, or say why that is not known.

    Names are trusted over the order. Without them, other labels that name or number the questions
    are; without those, the order is, if there is one answer to each question.
    """
    if not isinstance(answers, list):
        return "the reply has no list of answers"
    entries = [answer if isinstance(answer, dict) else {} for answer in answers]
    # A server that keeps no names sends null for all of them.
    if any(entry.get("name") is not None for entry in entries):
        return _named([entry.get("name") for entry in entries], entries, frozenset(group))
    if len(entries) != len(group):
        return f"the reply has {len(entries)} answers without names to {len(group)} questions"
    found: list[tuple[str, Any]] | None = None
    for label in _OTHER_LABELS:
        labels = [entry.get(label) for entry in entries]
        if all(each is None for each in labels):
            continue
        placed = _by_label(label, labels, entries, group)
        if isinstance(placed, str):
            return placed
        if placed is not None and found is not None and placed != found:
            return "the reply's answers have labels that contradict each other"
        found = placed or found
    return list(zip(group, entries, strict=True)) if found is None else found


def _by_label(
    label: str, labels: Sequence[Any], entries: Sequence[Any], group: Sequence[str]
) -> list[tuple[str, Any]] | str | None:
    """Return the answers placed by a label; None if it says nothing about questions."""
    names = [each.get("name") if isinstance(each, Mapping) else each for each in labels]
    asked = frozenset(group)
    if any(isinstance(name, str) and name in asked for name in names):
        return _in_order(_named(names, entries, asked), group)
    numbers = [_number(each) for each in names]
    known = [number for number in numbers if number is not None]
    for first in (0, 1):
        if sorted(known) == list(range(first, first + len(group))):
            pairs = zip(known, entries, strict=True)
            return _in_order([(group[number - first], entry) for number, entry in pairs], group)
    # The server's own numbers of its answers are no places; all other labels should be.
    if label == "id":
        return None
    return f"the reply's answers have a field {label} that names no question: {shown(names, 80)}"


def _named(
    names: Sequence[Any], entries: Sequence[Any], asked: frozenset[str]
) -> list[tuple[str, Any]]:
    pairs = zip(names, entries, strict=True)
    return [(name, entry) for name, entry in pairs if isinstance(name, str) and name in asked]


def _in_order(pairs: list[tuple[str, Any]], group: Sequence[str]) -> list[tuple[str, Any]]:
    places = {name: place for place, name in enumerate(group)}
    return sorted(pairs, key=lambda pair: places[pair[0]])


def _number(label: Any) -> int | None:
    """Return the number that a label is, or ends in (``q2``)."""
    if isinstance(label, int) and not isinstance(label, bool):
        return label
    found = _NUMBER_AT_END.fullmatch(label) if isinstance(label, str) else None
    return int(found[1]) if found is not None else None
