"""
A judge's reply prepared for reading: what is no prose is blanked out, at the same length.

Every step replaces characters by as many others, so that a place in the prepared text is the same
place in the reply. In this order:

1. thinking, and control tokens at both ends, become blank;
2. JSON objects, ``<answer>...</answer>``, ``\\boxed{...}`` and ``[[...]]`` become ``⟦Yes⟧``,
   ``⟦No⟧`` or, where they hold something else, ``⟦%⟧``;
3. elements of other names, struck-out text, quotations and quoted lines become blank: what they
   hold is not said by the judge; an element that is never closed becomes ``⟦%⟧``;
4. rows of tables become lines "header: cell";
5. emphasis, emoji, bullets and other marks become blank.
"""

import re
from collections.abc import Callable

from rbrctl.graders.endpoint.chat.prepared_json import (
    STARTS_WITH_VERDICT,
    UNCLEAR,
    VERDICT,
    without_json,
)
from rbrctl.records.control_tokens import end_without_tokens, leading_tokens
from rbrctl.records.thinking import judge_reply_start

WRAPPED = re.compile(r"⟦[\s\"'“”.!,*(]*(?P<word>yes|no)[\s\"'“”.!,*)]*⟧|⟦[^⟦⟧\n]*⟧?", re.IGNORECASE)
"""A wrapper in prepared text; without a ``word`` it holds something else than yes or no."""
_Replacement = Callable[[re.Match[str]], str]

_ROLE = re.compile(r"(?:assistant|model)\b[\s:]*", re.IGNORECASE)
_NAMED_ROLE = re.compile(r"\s*\**(?:assistant|judge)\**:\**\s*", re.IGNORECASE)
_OLLAMA = re.compile(r"\s*Thinking\.\.\.\s*\n")
_OLLAMA_END = "...done thinking."
_ANSWER_NAME = (
    r"(?:final[_-]?)?(?:answer|verdict|output|result|response|decision|judge?ment|label|rating"
    r"|conclusion|classification|prediction|choice|evaluation|assessment|grade|solution|ans)|final"
)
_ANSWER = re.compile(
    rf"<(?P<name>{_ANSWER_NAME})(?:\s[^<>]{{0,80}})?>(?P<inner>.{{0,600}}?)</(?P=name)\s*>",
    re.IGNORECASE | re.DOTALL,
)
_BOXED = re.compile(r"\\f?box(?:ed)?\s*\{(?P<inner>[^{}\n]{0,80})\}")
_DOUBLE = re.compile(r"\[\[(?P<inner>[^\[\]\n]{0,40})\]\]")
_LATEX = re.compile(
    r"\\(?:text\w{0,6}|math\w{2,4}|emph|underline|mbox|operatorname)\s*\{([^{}\n]{0,80})\}"
)
_INLINE_TAG = re.compile(
    r"</?(?:b|i|em|strong|span|u|code|mark|small|big|font|center|sup|sub|tt)(?:\s[^<>]{0,80})?>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(
    r"<(?:/?(?:p|div|li|ul|ol|h[1-6]|pre|html|body|section|article|xml)(?:\s[^<>]{0,80})?|br\s*/?"
    rf"|/?(?:{_ANSWER_NAME})(?:\s[^<>]{{0,80}})?|!--|\?xml[^<>]{{0,80}}\?)>",
    re.IGNORECASE,
)
_ELEMENT = re.compile(
    r"<(?P<name>[a-z][\w-]{0,40})(?:\s[^<>]{0,80})?>.{0,1500}?</(?P=name)\s*>",
    re.IGNORECASE | re.DOTALL,
)
_UNCLOSED = re.compile(
    r"(?:^[ \t]*<(?!hr\b|img\b)[a-z][\w-]{0,40}|<(?:analysis|explanation|rationale|reason"
    r"|draft|notes?|justification|steps?|review|critique|plan|observations?|evidence|transcript|conversation"
    r"|example|user|quote|message|question|input))(?:\s[^<>]{0,80})?>",
    re.IGNORECASE | re.MULTILINE,
)
"""The beginning of an element that is no answer: where it ends, no one can tell."""
_TAG = re.compile(r"</?[a-z][\w:-]{0,40}(?:\s[^<>]{0,80})?/?>", re.IGNORECASE)
_STRUCK = re.compile(r"~~[^~]{1,200}~~|<(s|del|strike)>[^<]{0,200}</\1>", re.IGNORECASE)
_FENCE = re.compile(r"(?m)^[ \t]*(?:```|~~~)[ \t]*\w{0,20}[ \t]*$|```(?:\w{1,12}(?=[\s{]))?")
_QUOTED_LINE = re.compile(r"(?m)^[ \t]*>+")
_QUOTATION = re.compile(
    r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»|「[^」\n]{1,400}」"
    r"|`[^`\n]{1,400}`|(?<!\w)'(?:[^'\n]|(?<=\w)'(?=\w)){1,400}'(?!\w)"
    r"|(?<!\w)‘(?:[^‘’\n]|(?<=\w)’(?=\w)){1,400}’(?!\w)"
)
_ROW = re.compile(r"(?m)^[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"[\s|:=-]+")
_CELL_LABEL = re.compile(
    rf"[\s*_`]*(?:final[ _])?(?:{_ANSWER_NAME}|yes\s*/\s*no)[\s*_`:]*", re.IGNORECASE
)
_NEGATIVE_MARK = re.compile(
    r"[❌✗✘🚫⛔👎](?=\W*no\b)|(?:(?<=\bno)|(?<=\bno[ .!])|(?<=\bno[.!] ))[❌✗✘🚫⛔👎]",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"(?:[¬≠~]|(?<!\S)!)(?=\s*(?:yes|no)\b)", re.IGNORECASE)
_DECORATION = re.compile(
    r"\d\ufe0f?\u20e3|[^\w\s.,;:!?…—–\-()\[\]{}\"'“”‘’«»„「」『』/\\|<=>%&+⟦⟧。！？，；：（）→⇒➜➔►\u0300-\u036f"
    r"☐□▢⬜❌✗✘🚫⛔👎]|_|\\(?=[\W_])|`"
)
_BULLET = re.compile(r"(?m)^[ \t]*(?:[-–—+]|\(?(?:\d{1,3}|[a-zA-Z])[.):])[ \t]+")


def prepared(text: str) -> str | None:
    """Return the prepared text, as long as the reply; None where its thinking never ends."""
    start = judge_reply_start(text)
    if start is not None and _OLLAMA.match(text) is not None:
        end = text.find(_OLLAMA_END)
        start = None if end < 0 else max(start, end + len(_OLLAMA_END))
    if start is None:
        return None
    end = end_without_tokens(text)
    if end <= start:
        return " " * len(text)
    leading = leading_tokens().match(text, start, end)
    if leading is not None:
        role = _ROLE.match(text, leading.end(), end)
        start = role.end() if role is not None else leading.end()
        again = leading_tokens().match(text, start, end)
        start = again.end() if again is not None else start
    named = _NAMED_ROLE.match(text, start, end)
    start = named.end() if named is not None else start
    shown = text[start:end].replace("⟦", " ").replace("⟧", " ")
    for step in _STEPS:
        shown = step(shown)
    return " " * start + shown + " " * (len(text) - end)


def _substitute(pattern: re.Pattern[str], replacement: _Replacement) -> Callable[[str], str]:
    """Return a step that replaces each match, at the same length."""

    def step(text: str) -> str:
        return pattern.sub(
            lambda match: replacement(match).ljust(len(match[0]))[: len(match[0])], text
        )

    return step


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _break(match: re.Match[str]) -> str:
    return "\n"


def _negation(match: re.Match[str]) -> str:
    """Write the sign of a negation as one that no verdict can follow."""
    return "%"


def _unclear(match: re.Match[str]) -> str:
    return UNCLEAR


def _keep_group(match: re.Match[str]) -> str:
    return " " * (match.start(1) - match.start()) + match[1]


def _wrapper(match: re.Match[str]) -> str:
    """Write a wrapper as ⟦...⟧; one with a whole sentence in it as a paragraph of its own."""
    inner = match["inner"]
    before = match.start("inner") - match.start()
    if "⟦" in inner:
        return " " * before + inner
    if VERDICT.fullmatch(inner) is None and STARTS_WITH_VERDICT.match(inner) is not None:
        return "\n" * before + inner + "\n"
    if VERDICT.fullmatch(inner) is None:
        return UNCLEAR
    return " " * (before - 1) + "⟦" + re.sub(r"\W", " ", inner) + "⟧"


def _double(match: re.Match[str]) -> str:
    return _wrapper(match) if VERDICT.fullmatch(match["inner"]) else UNCLEAR


def _quotation(match: re.Match[str]) -> str:
    """Blank out what is quoted, save a bare verdict, a label and what is the whole line."""
    inner = match[0][1:-1]
    if VERDICT.fullmatch(inner) is not None:
        return match[0].replace("`", " ")
    if _CELL_LABEL.fullmatch(inner) is not None and match.string[match.end() :][:1] == ":":
        return f" {inner} "
    line_start = match.string.rfind("\n", 0, match.start()) + 1
    line_end = match.string.find("\n", match.end())
    line = match.string[line_start : line_end if line_end >= 0 else None]
    if line.strip(" \t.,;*_") == match[0]:
        return f" {inner} "
    return _blank(match)


def _without_quoted_lines(text: str) -> str:
    """Blank out lines that are quoted with ``>``; where all are, blank out the sign alone."""
    if ">" not in text:
        return text
    lines = text.split("\n")
    quoted = [_QUOTED_LINE.match(line) for line in lines]
    if all(mark is not None or not line.strip() for mark, line in zip(quoted, lines, strict=True)):
        return _QUOTED_LINE.sub(_blank, text)
    kept = (" " * len(line) if mark else line for mark, line in zip(quoted, lines, strict=True))
    return "\n".join(kept)


def _without_tables(text: str) -> str:
    """Keep the cells of a table whose column or row is headed by a label; blank the others."""
    if "|" not in text:
        return text
    labels: frozenset[int] = frozenset()
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _ROW.fullmatch(line) is None:
            labels = frozenset()
        elif _RULE.fullmatch(line) is None:
            cells = line.split("|")
            headed = frozenset(i for i, cell in enumerate(cells) if _CELL_LABEL.fullmatch(cell))
            named = {i + 1 for i in headed if len(cells) == 4}
            lines[number] = " ".join(
                _cell(cell) if index in labels | named else " " * len(cell)
                for index, cell in enumerate(cells)
            )
            labels = labels or headed
        else:
            lines[number] = " " * len(line)
    return "\n".join(lines)


def _cell(cell: str) -> str:
    """Keep a cell that holds a verdict alone; write any other content as no verdict."""
    if not cell.strip() or VERDICT.fullmatch(cell) is not None:
        return cell
    return UNCLEAR.ljust(len(cell))[: len(cell)]


_STEPS: tuple[Callable[[str], str], ...] = (
    without_json,
    _substitute(_LATEX, _keep_group),
    _substitute(_BOXED, _wrapper),
    _substitute(_ANSWER, _wrapper),
    _substitute(_DOUBLE, _double),
    _substitute(_STRUCK, _blank),
    _substitute(_INLINE_TAG, _blank),
    _substitute(_BLOCK_TAG, _break),
    _substitute(_ELEMENT, _blank),
    _substitute(_UNCLOSED, _unclear),
    _substitute(_TAG, _blank),
    _substitute(_FENCE, _blank),
    _without_quoted_lines,
    _without_tables,
    _substitute(_QUOTATION, _quotation),
    _substitute(_NEGATIVE_MARK, _blank),
    _substitute(_NEGATION, _negation),
    _substitute(_DECORATION, _blank),
    _substitute(_BULLET, _blank),
)
