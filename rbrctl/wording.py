"""Words for messages: counts with nouns, and suggestions for mistyped words."""

from collections.abc import Iterable
from difflib import get_close_matches

CANDIDATES = 8


def closest(word: str, known: Iterable[str]) -> str | None:
    """
    Return the known word that is closest; None if none is close.

    Of several that are close the one of the fewest edits, of those the one closest in length.
    """
    matches = get_close_matches(word, list(known), n=CANDIDATES, cutoff=0.6)
    return min(matches, key=lambda match: _distance(word, match), default=None)


def _distance(word: str, other: str) -> tuple[int, int]:
    return edits(word, other), abs(len(word) - len(other))


def edits(word: str, other: str) -> int:
    """Count what turns one word into another: letters put in, left out, changed or swapped."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, above, row = above, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the closest known word; None if none is close."""
    match = closest(word, known)
    return f"did you mean '{match}'?" if match else None


def hint_for(word: str, known: Iterable[str], most: int = 12) -> str:
    """Return a hint that names the closest known word, or else the first ``most`` words."""
    words = list(known)
    further = f" and {len(words) - most:,} more" if len(words) > most else ""
    there = "there is" if len(words) == 1 else "there are"
    return did_you_mean(word, words) or f"{there} {', '.join(words[:most])}{further}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 rule``, ``2,000 rules``, or an irregular ``plural``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
