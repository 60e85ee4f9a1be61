"""
JSON objects in a judge's reply, written as the verdict that they hold, at the same length.

An object answers under a name such as "answer" or "verdict", or with its only yes or no:
``{"apology": true}``. It is unclear, and so spoils the reply, if its answers differ or hold
something else, if it names an error, a refusal or a low confidence, or if it calls a tool.
"""

import re
from collections.abc import Iterable
from json import JSONDecoder
from typing import Any

from rbrctl.graders.endpoint.chat.verdict_spoilers import CONFIDENCE_NAME, is_low_value
from rbrctl.graders.endpoint.chat.verdict_words import REFUSAL

UNCLEAR = "⟦%⟧"
"""A wrapper that holds neither; its sign ends no sentence, and is no decoration."""
MOST_JSON = 8
"""The number of opening braces at which a JSON object is looked for."""

VERDICT = re.compile(r"[\s\"'“”‘’.!*_]*(?:yes|no)[\s\"'“”‘’.!*_]*", re.IGNORECASE)
STARTS_WITH_VERDICT = re.compile(r"\W*(?:yes|no)\b", re.IGNORECASE)
_CORE_KEYS = frozenset({"answer", "finalanswer", "verdict", "finalverdict", "decision"})
_OTHER_KEYS = frozenset(
    (
        *("result", "label", "judgement", "judgment", "response", "output", "value", "conclusion"),
        *("classification", "prediction", "choice", "rating", "evaluation", "assessment", "final"),
        *("ans", "grade", "outcome"),
    )
)


_FAILURE_KEYS = frozenset(
    {"error", "errors", "exception", "failure", "refusal", "refused", "refuse", "blocked"}
)
_NOTE_KEYS = frozenset({"message", "detail", "details", "status", "note", "comment", "warning"})
_FAILED = re.compile(
    r"\b(?:errors?|fail(?:ed|ure)|denied|unauthori[sz]ed|forbidden|time[ds]?\s?-?out|incomplete"
    r"|not\s+(?:authenticated|authori[sz]ed|found|available)|blocked|refused)\b",
    re.IGNORECASE,
)
_CALL_KEYS = frozenset(
    (
        "arguments",
        "parameters",
        "toolcalls",
        "functioncall",
        "toolinput",
        "args",
        "actioninput",
        "input",
    )
)
_CALLED_KEYS = frozenset({"name", "function", "tool", "toolname", "action"})
_STATUS_KEY = re.compile(
    r"(?:success|ok\Z|is?no[tn]|no|free|has(?:no|error)|stream|input|skip)"
    r"|.*(?:status|done|valid|complete|finish|ready|receive|underst|acknowledge|confiden|certain"
    r"|need|require|without|lack|missing|absent|provided|available|cannot|unable|possible|unclear"
    r"|unsure|ambiguous|truncated|abstain|timeout|error|refus|conversation|transcript)"
)
"""Names whose yes is about the request, or says that something is absent."""


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as a list of pairs, so that no value is lost if a key comes twice."""


_DECODER = JSONDecoder(object_pairs_hook=_Pairs)


def without_json(text: str) -> str:
    """Write each JSON object of the text as the verdict that it holds."""
    place = text.find("{")
    for _ in range(MOST_JSON):
        if place < 0:
            break
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            text = text[:place] + _json_text(value, text[place:end]) + text[end:]
        place = text.find("{", end)
    return text


def _json_text(value: Any, span: str) -> str:
    found = list(_json_answers(value)) or _only_verdict(value)
    verdicts = {_word(each) for each in found}
    if not found:
        return " " * len(span)
    if len(verdicts) > 1 or None in verdicts:
        sentence = found[0] if len(found) == 1 and isinstance(found[0], str) else ""
        start = span.find(sentence) if STARTS_WITH_VERDICT.match(sentence) else -1
        if start < 2 or "\n" in sentence:
            return UNCLEAR.ljust(len(span))
        return ("\n" * start + sentence + "\n").ljust(len(span))
    word = "yes" if verdicts == {True} else "no"
    at = re.search(rf"[\"'\s.*]({word})[\"'\s.*]", span, re.IGNORECASE)
    start = at.start() if at is not None else 0
    shown = f"⟦{at[1] if at is not None else word}⟧"
    return (" " * start + shown).ljust(len(span))


def _json_answers(value: Any) -> Iterable[Any]:
    """Yield what an object says under the names of an answer, also in objects within it."""
    if isinstance(value, _Pairs):
        names = {_name(key) for key, _ in value}
        if _is_call(names):
            yield None
        for key, item in value:
            name = _name(key)
            if _is_spoiler(name, item):
                yield None
            elif isinstance(item, list):
                yield from _json_answers(item)
            elif name in _CORE_KEYS or (name in _OTHER_KEYS and _word(item) is not None):
                yield item
    elif isinstance(value, list):
        for item in value:
            yield from _json_answers(item)


def _name(key: str) -> str:
    return re.sub(r"[\W_]", "", key).lower()


def _is_call(names: set[str]) -> bool:
    """Return whether an object of these names calls a tool."""
    return bool(names & _CALL_KEYS) and bool(names & _CALLED_KEYS or not names & _CORE_KEYS)


def _is_spoiler(name: str, item: Any) -> bool:
    """Return whether an item makes its object no verdict: an error, or a low confidence."""
    if name in _FAILURE_KEYS:
        return item not in (None, False, "", 0, [])
    if name in _NOTE_KEYS and isinstance(item, str):
        return _FAILED.search(item) is not None or REFUSAL.search(item) is not None
    if re.fullmatch(CONFIDENCE_NAME, name) is None:
        return False
    values = [each for _, each in item] if isinstance(item, _Pairs) else [item]
    return any(is_low_value(each) for each in values)


def _only_verdict(value: Any) -> list[Any]:
    """Return the one yes or no of an object that names what was asked: {"apology": true}."""
    if not isinstance(value, _Pairs):
        return []
    words = [(_name(key), item) for key, item in value if _word(item) is not None]
    if len(words) != 1 or _STATUS_KEY.match(words[0][0]) is not None:
        return []
    return [words[0][1]]


def _word(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and VERDICT.fullmatch(value):
        return value.strip(" \"'“”‘’.!*_\n\t").lower() == "yes"
    return None
