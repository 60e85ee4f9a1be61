"""Guess which known word a mistyped one was meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that is closest; None when none is close."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Give a hint that names the closest known word; None when none is close."""
    match = closest(word, known)
    return f"did you mean '{match}'?" if match else None


def hint_for(word: str, known: Iterable[str], most: int = 12) -> str:
    """Give a hint that names the closest known word, or the first ``most`` where none is close."""
    words = list(known)
    further = f" and {len(words) - most:,} more" if len(words) > most else ""
    return did_you_mean(word, words) or f"there are {', '.join(words[:most])}{further}"
