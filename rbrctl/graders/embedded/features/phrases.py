"""How the families write their cues down: with alternatives in parentheses."""

import re
from collections.abc import Mapping

from rbrctl.graders.embedded.cues import Phrase, split_elements

_ALTERNATIVES = re.compile(r"\(([^()]*)\)")

Families = Mapping[str, tuple[Phrase, ...]]
"""Phrases by the name of the family that they belong to."""


def phrases(*patterns: str) -> tuple[Phrase, ...]:
    """
    Read patterns of words, ``*``, ``...`` and alternatives in parentheses.

    ``"i (can|could) not"`` stands for two cues; an empty alternative makes a part optional.
    Raises ValueError for parentheses that nest or do not close, and for a gap at either end.
    """
    return tuple(_phrase(pattern) for pattern in patterns)


def _phrase(pattern: str) -> Phrase:
    parts = []
    for at, piece in enumerate(_ALTERNATIVES.split(pattern)):
        if at % 2:
            parts.append([split_elements(choice) for choice in piece.split("|")])
        elif set("()|") & set(piece):
            raise ValueError(f"stray parenthesis or bar in the pattern {pattern!r}")
        elif elements := split_elements(piece):
            parts.append([elements])
    if not parts or "..." in (parts[0][0][:1] + parts[-1][0][-1:]):
        raise ValueError(f"a pattern must begin and end with a word: {pattern!r}")
    return parts
