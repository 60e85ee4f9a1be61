"""Reading yes or no out of a text; what is neither is None, never a default."""

import re
from collections import deque
from dataclasses import dataclass

_BLANK = r"[\s*_`\"'“”‘’()\[\]<>#:.\-–—>]*"
_LEADING = re.compile(rf"{_BLANK}(yes|no)(?![\w’'])", re.IGNORECASE)
_BOTH = re.compile(r"(yes|no)\W{0,3}(?:\s*(?:and|or)\s*)?\W{0,3}(?:yes|no)\b", re.IGNORECASE)
_STATED = re.compile(
    rf"\b(?:answer|verdict|conclusion)\b(?:\s+(?:is|would be))?{_BLANK}(yes|no)(?![\w’'])",
    re.IGNORECASE,
)
_LAST_LINE = re.compile(rf"{_BLANK}(yes|no){_BLANK}", re.IGNORECASE)
_REASONING = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.IGNORECASE | re.DOTALL)
_REASONING_END = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_REASONING_START = re.compile(r"\s*<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextVerdict:
    """A yes (True) or no (False) and where its word begins in the text."""

    value: bool
    offset: int


def reasoning_end(text: str) -> int | None:
    """
    Give the offset where a text's reasoning ends: 0 where it has none, None where it is cut off.

    The opening tag may be missing, since some chat templates put it into the prompt.
    """
    end = 0
    for match in _REASONING_END.finditer(text):
        end = match.end()
    if end:
        return end
    return None if _REASONING_START.match(text) else 0


def read_verdict(text: str) -> TextVerdict | None:
    """
    Find the yes or no that a text answers with.

    It is the first word; else what the last "answer: ..." says; else the whole last line. "Yes
    and no" is neither, and so is a first word that a stated answer further on contradicts.
    """
    start = reasoning_end(text)
    if start is None:
        return None
    leading = _LEADING.match(text, start)
    stated = next(iter(deque(_STATED.finditer(text, start), maxlen=1)), None)
    if leading is not None:
        if _BOTH.match(text, leading.start(1)):
            return None
        verdict = _verdict(leading)
        contradicted = stated is not None and _verdict(stated).value != verdict.value
        return None if contradicted else verdict
    if stated is not None:
        return None if _BOTH.match(text, stated.start(1)) else _verdict(stated)
    end = len(text.rstrip())
    line_start = max(start, text.rfind("\n", 0, end) + 1)
    last = _LAST_LINE.fullmatch(text, line_start, end)
    return None if last is None else _verdict(last)


def _verdict(match: re.Match[str]) -> TextVerdict:
    return TextVerdict(match[1].lower() == "yes", match.start(1))
