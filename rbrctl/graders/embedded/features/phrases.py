"""How the families write their cues down: with alternatives in parentheses."""

import itertools
import re
from collections.abc import Mapping

_ALTERNATIVES = re.compile(r"\(([^()]*)\)")

Families = Mapping[str, tuple[str, ...]]
"""Cues by the name of the family that they belong to."""


def phrases(*patterns: str) -> tuple[str, ...]:
    """
    Write out alternatives: ``"i (can|could) not"`` becomes two cues.

    An empty alternative makes a word optional. Parentheses do not nest.
    """
    return tuple(cue for pattern in patterns for cue in _write_out(pattern))


def _write_out(pattern: str) -> list[str]:
    parts = _ALTERNATIVES.split(pattern)
    choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    return [" ".join("".join(chosen).split()) for chosen in itertools.product(*choices)]
