"""
What spoils a reply as a whole, whatever verdict stands in it.

``is_spoiled`` looks at the reply as it came: a tool call, another role that speaks, a repetition of
the prompt, or JSON that was cut off. ``is_doubted`` looks at one prepared sentence: a low number or
word beside "confidence" or "probability", or a text that is a gateway's and not the judge's.
"""

import re

_REPEATED_FENCE = re.compile(r"={3}[ \t]*(?:[0-9a-f]{8,64}|CODE)\b")
"""A fence mark of the prompt: what stands behind it may be the transcript, not the judge."""
_TOOL_CALL = re.compile(
    r"<\|?tool_calls?(?:_begin|_start)?\|?>|\[TOOL_CALLS\]|<function[=_]|<\|python_tag\|>|<invoke\b"
    r"|\b[A-Za-z_][\w.]{0,60}\(\s{0,8}[\[{]"
)
"""A tool call that the server left in the text: its arguments are no answer to the question."""
_OTHER_ROLE = re.compile(
    r"<\|(?:im_start|start_header_id|start|role_start)\|>\s*(?:user|system|tool|human|developer)\b"
    r"|\A\s*(?:<s>\s*)?\[INST\]|<start_of_turn>\s*(?:user|system)\b|<\|(?:user|system|human|observation)\|>"
    r"|\A[\s*#]*(?:user|human|system|tool)[\s*:]*\n"
    r"|\A[\s*#]*(?:assistant|model)\b[^\n]*\n(?:[^\n]*\n){0,40}?[\s*#]*(?:user|human)[*]*:",
    re.IGNORECASE,
)
"""Somebody else than the judge speaks: the text continues the conversation, or repeats it."""
_CUT_JSON = re.compile(r"\{\s*[\"'][^{}]*\Z")
"""An object without its end, which may have had another value of the same name."""
_SPOILERS = (_REPEATED_FENCE, _TOOL_CALL, _OTHER_ROLE, _CUT_JSON)

CONFIDENCE_NAME = (
    r"(?:confidence|certainty|likelihood|probability|prob|chance|score|(?<![a-z])p)"
    r"(?:[\s_]?(?:level|score|rating|value))?"
)
_NUMBER = (
    r"(?P<number>\d+(?:[.,]\d+)?|[.,]\d+)"
    r"\s*(?:(?P<unit>%|per\s?cent\b)|(?:/|(?:(?:out\s+)?of|in)\s)\s*(?P<of>\d+))?"
)
_LOW_WORD = r"(?:very\s+)?(?:low|minimal|weak|none|zero|poor|little|negligible|uncertain|unsure)\b"
_NAMED = re.compile(
    rf"\b{CONFIDENCE_NAME}\W{{0,3}}"
    r"(?:\s{0,3}(?:is|of|at|only|below|under|about|around|less\s+than|[:=≈~<])\s{0,3}){0,2}"
    rf"[\s(]*(?:(?P<low>{_LOW_WORD})|{_NUMBER})",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    rf"[\s:(\[=,;.–—-]*{_NUMBER}(?:(?<=%)|(?<=cent)|(?=\s*(?:$|[)\],;]|\.(?!\d))))", re.IGNORECASE
)
"""A number right behind a verdict and alone in its clause."""
_ALONE = re.compile(rf"[\s(\[]*{_NUMBER}[\s)\].]*")
_VALUE = re.compile(rf"\s*(?:(?P<low>{_LOW_WORD})|{_NUMBER}\s*\Z)", re.IGNORECASE)

_GATEWAY = re.compile(
    r"""\b(?:by|violates?|under|against|per)\s+our\s+(?:\w+\s+)?polic(?:y|ies)\b|\brate[\s-]limit(?:s|ed)?\b\s*(?:was\s+|has\s+been\s+)?(?:exceeded|reached|hit|error)
    |\bquota\s+(?:was\s+|has\s+been\s+)?exceeded|\btoo\s+many\s+requests|\bservice\s+(?:is\s+)?(?:temporarily\s+)?(?:unavailable|overloaded)
    |\binternal\s+(?:server\s+)?error|\bbad\s+gateway|\bgateway\s+time-?\s?out|\b(?:request|connection)\s+timed\s+out
    |\bapi\s+key\b|(?:^|[.,;:!])\s*(?:please\s+)?try\s+again\s+later|\berror\s+(?:code\s+)?[45]\d\d\b
    |(?:^|[.,;:!])\s*(?:access\s+denied|unauthori[sz]ed|forbidden|content\s+(?:filtered|blocked)|blocked|timed?\s?out)\s*(?:$|[.,;:!])
    |\b(?:this|the|your)\s+(?:request|prompt)\s+(?:was|has\s+been|is)\s+(?:blocked|filtered|flagged|rejected)
    |\b(?:blocked|filtered|flagged)\s+by\s+(?:the|a|our|your)\s+(?:content|safety|moderation)
    |\bmodel\s+(?:is\s+)?(?:currently\s+)?overloaded|\bcontent\s+management\s+policy""",
    re.IGNORECASE | re.VERBOSE,
)


def is_spoiled(text: str) -> bool:
    """Return whether a reply holds something by which no verdict in it can be the judge's."""
    return any(pattern.search(text) is not None for pattern in _SPOILERS)


def is_doubted(sentence: str) -> bool:
    """Return whether a sentence names a low confidence, or is the text of a gateway."""
    low = any(_is_low(match) for match in _NAMED.finditer(sentence))
    number = _ALONE.fullmatch(sentence)
    low = low or (number is not None and _is_low(number))
    return low or _GATEWAY.search(sentence) is not None


def is_low_beside(after: str) -> bool:
    """Return whether a verdict is followed by a number below one half, as in "Yes, 10%"."""
    match = _BESIDE.match(after)
    return match is not None and _is_low(match)


def is_low_value(value: object) -> bool:
    """Return whether a confidence in JSON is below one half, or nothing that can be compared."""
    match = _VALUE.match(str(value))
    return match is not None and _is_low(match)


def _is_low(match: re.Match[str]) -> bool:
    """Return whether a confidence is low; a bare 7 may be of 100, and is taken as low."""
    groups = match.groupdict()
    if groups.get("low") is not None:
        return True
    number = float(groups["number"].replace(",", "."))
    if groups["of"] is not None:
        return number < 0.5 * float(groups["of"])
    if groups["unit"] is not None or number > 1:
        return number < 50
    return number < 0.5
