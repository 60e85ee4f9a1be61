"""
Control tokens of chat formats, told by their shape.

A server that renders its chat template as text takes ``<|im_end|>`` in a quoted text for the end of
a turn. Every model family has its own tokens, so an unknown one is told by the way such tokens are
written and not by a list:

- a bracket beside a bar or tilde, or a triangle: ``<|...|>``, ``<｜x｜>``, ``]~b]``, ``◁x▷``;
- a tag with a prefix (``<seed:bos>``), with a structural word (``<end_of_utterance>``,
  ``<fim_prefix>``, ``<bos>``) or with a number (``<unused12>``, ``<extra_id_0>``);
- a word of three or more capitals in brackets: ``[THINK]``, ``[/TOOL_CALLS]``, ``<<SYS>>``.

HTML, comparisons, links, generics and indices have none of these shapes.
"""

import re
from functools import cache

_STRUCTURAL = (
    r"start|end|begin|bos|eos|bot|eot|eop|eod|eom|sop|soh|eoh|fim|im|turn|token|tok|special"
    r"|reserved|unused|extra|prefix|suffix|middle|pad|unk|sep|cls|mask|utterance|think|gmask|img"
)
_ROLES = r"system|user|assistant|human|bot|model|function|developer|tool(?:_calls?|_response)?"
_TAG = (
    rf"[a-z]\w*:\w+|(?:{_STRUCTURAL}|{_ROLES}|s)|(?:\w+_)?(?:{_STRUCTURAL})(?:_\w+)+"
    rf"|\w+_(?:{_STRUCTURAL})|(?!h\d>)[a-z][a-z_]+\d+|0x[0-9a-f]{{2}}"
)
LISTED = re.compile(
    r"(<|\[)(?=[|｜]|/?s>|(?:bos|eos|pad|unk|mask|sep|cls)>|/?think>|/?(?:start|end)_of_turn>"
    r"|</?SYS>>|/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|gMASK)\])"
    r"|([|｜])(?=>)",
    re.IGNORECASE,
)
"""The tokens that version 0.1 broke up; a text without any other is quoted as it was then."""
_SHAPED = (
    rf"(<)(?=[|｜]|/?(?i:{_TAG})>|</?[A-Z][A-Z_]+>>)"
    r"|(\[)(?=[|｜]|/?[A-Z][A-Z_]{2,}\]|/?gMASK\])"
    r"|(\])(?=~)|(~)(?=[\[\]])|(◁)(?=/?\w)|([|｜])(?=>)"
)
_ANY = rf"(?:{_SHAPED})|(?:(?i:{LISTED.pattern}))"
_WHOLE = (
    rf"<[|｜][^<>\n]{{1,60}}[|｜]>|</?(?i:{_TAG})>|\[/?(?!YES\])(?:[A-Z][A-Z_]{{2,}}|gMASK)\]"
    r"|[\[\]](?:e|~!?b)~?[\[\]]|<\|\w{1,30}>|<\w{1,30}\|>|\[[|｜]\w{1,40}[|｜]\]"
)
_ENDINGS = ">[]"
"""The characters that a whole token can end with."""
_LONGEST = 80
"""Characters of the longest token that is looked for at the end of a text."""
_BRACKETS = "<[]◁>"
"""Every control token has one of these; most texts have none, and are not searched."""


# Compiling these three takes longer than many a command, and few texts hold a control token.


@cache
def _any_token() -> re.Pattern[str]:
    return re.compile(_ANY)


@cache
def leading_tokens() -> re.Pattern[str]:
    """Return the pattern of control tokens, and space, at the beginning of a text."""
    return re.compile(rf"\s*(?:(?:{_WHOLE})\s*)+")


@cache
def _last_token() -> re.Pattern[str]:
    return re.compile(rf"(?:{_WHOLE})\s*\Z")


def broken_up(text: str) -> str:
    """Return the text with a space inside each control token, which makes it plain text."""
    if not any(bracket in text for bracket in _BRACKETS):
        return text
    return _any_token().sub(lambda match: f"{match[0]} ", text)


def has_unlisted(text: str) -> bool:
    """Return whether version 0.1 would have left a control token of this text as it is."""
    if not any(bracket in text for bracket in _BRACKETS):
        return False
    return broken_up(text) != LISTED.sub(lambda match: f"{match[0]} ", text)


def end_without_tokens(text: str) -> int:
    """Return the offset at which a text ends if control tokens and space at its end are cut off."""
    end = len(text.rstrip())
    while end and text[end - 1] in _ENDINGS:
        match = _last_token().search(text, max(0, end - _LONGEST), end)
        if match is None:
            break
        end = len(text[: match.start()].rstrip())
    return end
