"""Overlap: how many words of the request return in the completion, and where."""

import math
from collections.abc import Iterable

from rbrctl.graders.embedded.text import Passage

_FUNCTION_WORDS = frozenset(
    word
    for line in (
        "a about above after again all also am an and any are as at be because been before being",
        "both but by can could did do does doing down during each few for from further get got had",
        "has have having he her here hers him his how i if in into is it its just like made make",
        "many may me might more most much must my no nor not now of off on once one only or other",
        "our out over own please same say shall she should so some such tell than that the their",
        "them then there these they this those through to too under until up us very was we were",
        "what when where which while who whom why will with would you your yours",
    )
    for word in line.split()
)


def content_words(words: Iterable[str]) -> set[str]:
    """Return the stems of the words that carry content, so that "robbing" matches "robbery"."""
    return {_stem(word) for word in words if len(word) > 2 and word not in _FUNCTION_WORDS}


def _stem(word: str) -> str:
    """Cut a common ending, unless fewer than 4 letters would be left, and keep 7 letters."""
    for ending in ("ing", "ies", "ers", "ed", "es", "er", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)][:7]
    return word[:7]


def measure(completion: Passage, request: Passage, earlier: Passage) -> dict[str, float]:
    """
    Return the ``overlap.`` features of a completion; those that are 0 are left out.

    ``request`` is the last user message, ``earlier`` everything before it. Ratios are of distinct
    stems, in [0, 1]; counts are log(1 + stems).
    """
    said, asked = content_words(completion.words), content_words(request.words)
    before = content_words(earlier.words)
    shared = said & asked
    values = {
        "overlap.of_request": _ratio(shared, asked),
        "overlap.of_completion": _ratio(shared, said),
        "overlap.shared": math.log1p(len(shared)),
        "overlap.new_words": math.log1p(len(said - asked - before)),
        "overlap.of_earlier": _ratio(said & before, said),
        "overlap.none": float(bool(said) and not shared),
    }
    if completion.sentences:
        first, last = completion.sentences[0], completion.sentences[-1]
        opening = content_words(completion.words[first.start : first.end])
        closing = content_words(completion.words[last.start : last.end])
        values["overlap.first_sentence"] = _ratio(opening & asked, opening)
        values["overlap.last_sentence"] = _ratio(closing & asked, closing)
        values["overlap.of_request_in_first"] = _ratio(opening & asked, asked)
    return {name: value for name, value in values.items() if value}


def _ratio(part: set[str], whole: set[str]) -> float:
    return len(part) / len(whole) if whole else 0.0
