"""Which prompts weights were fitted on, written small: to tell a test from training data."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

LENGTH = 10
"""Of a mark in hexadecimal digits: 100,000 prompts and as many others share none by chance."""
MOST = 20_000
"""Marks that are kept: the lowest of more, which are a sample."""
KEY = "prompt_marks"
"""Of a weights file's ``fit``."""
_MARKS = re.compile(rf"[0-9a-f]{{{LENGTH}}}(?: [0-9a-f]{{{LENGTH}}})*")


def mark_of(prompt: str) -> str:
    """Give a short digest of a prompt's digest."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:LENGTH]


def marks_of(prompts: Iterable[str]) -> str:
    """Write the marks of prompts, by their digests, in order and with spaces between."""
    return " ".join(sorted(set(map(mark_of, prompts)))[:MOST])


def fitted_on(fit: Mapping[str, Any], prompts: Iterable[str]) -> int:
    """
    Count the prompts that stand among those of a weights file's ``fit``.

    Of files with more than MOST prompts it is the least that it can be; of those without, 0.
    """
    text = fit.get(KEY)
    if not isinstance(text, str) or _MARKS.fullmatch(text) is None:
        return 0
    marks = frozenset(text.split(" "))
    return sum(mark_of(prompt) in marks for prompt in set(prompts))
