"""
Thinking: what a model writes for itself before its reply, and no reader sees.

This is the one definition that the judge's replies, the trained reward and the completions under
test share. Thinking is written in one of three ways:

- between marks: ``<think>...</think>`` and its relatives (another word of ``_WORD``, a prefix such
  as ``seed:`` or ``begin_of_``, other brackets: ``[THINK]``, ``<|START_THINKING|>``, ``◁think▷``);
- in a channel of gpt-oss, ``analysis`` or ``commentary``, before the channel ``final``; a server
  that drops special tokens leaves of the marks ``analysis...assistantfinal...``;
- in a field or content part of its own (``reasoning_content``, a part of the type ``thinking``).

A chat template may have opened the block at the prompt's end, so that a text holds the closing mark
alone: then what stands before it is the thinking, as the parsers of inference servers have it.
Where a block is never closed there is no reply.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rbrctl.records.models import Transcript

UNFINISHED = "the completion ends inside its thinking: there is no reply to judge"
"""The error of every answer about a completion whose thinking is never closed."""

_WORD = (
    r"(?:think(?:ing)?(?:_\w{1,20})?|thoughts?|reasoning(?:_content)?|reflection|scratchpad"
    r"|chain_of_thought|cot|inner_monologue)"
)
_BEGIN = r"(?:(?:begin|start)[_▁ ](?:of[_▁ ])?)"
_END = r"(?:/|(?:end)[_▁ ](?:of[_▁ ])?)"
_PREFIX = r"(?:[a-z]{1,12}:)?"
_ATTRIBUTES = r"(?:\s[^<>]{0,80})?"
_SQUARE = r"(?:THINK|THINKING|THOUGHT|REASONING)\]"


def _mark(before: str, slash: str) -> str:
    """Write the pattern of an opening or a closing mark, in each kind of brackets."""
    return (
        rf"(?i:<(?:\||｜)?{before}{_PREFIX}{_WORD}{_ATTRIBUTES}(?:\||｜)?>|◁{before}{_WORD}▷)"
        rf"|\[{slash}{_SQUARE}"
    )


_OPENING = re.compile(rf"{_mark(f'{_BEGIN}?', '')}|<\|channel>thought\b|<unused94>(?:thought)?")
_CLOSING = re.compile(rf"{_mark(_END, '/')}|<channel\|>|<unused95>")
_ENDS_BY_OPENING = re.compile(
    rf"(?:{_OPENING.pattern}|<\|channel\|>(?:analysis|commentary)<\|message\|>)\s*\Z"
)
_MARKED = re.compile(r"[<\[◁]|\A\s*(?:assistant)?(?:analysis|commentary|final)", re.ASCII)
"""What a text that holds thinking contains, or begins with."""
_CHANNEL = re.compile(
    r"\s*(?:<\|start\|>assistant)?[^<]{0,80}<\|channel\|>(?P<name>\w+)[^<]{0,80}"
    r"(?:<\|constrain\|>[^<]{0,80})?<\|message\|>"
)
_FINAL = re.compile(r"<\|channel\|>final[^<]{0,80}(?:<\|constrain\|>[^<]{0,80})?<\|message\|>")
_BARE_CHANNEL = re.compile(r"\s*(?:assistant)?(?:analysis|commentary)(?P<text>\S)?")
_BARE_FINAL = re.compile(r"assistant ?final\s?")
_FINAL_ALONE = re.compile(r"\s*assistantfinal")
_PARTS = frozenset(
    {
        "thinking",
        "thought",
        "reasoning",
        "redacted_thinking",
        "reasoning_text",
        "reasoning_summary",
        "summary_text",
    }
)


def reply_start(text: str, opened: bool = False) -> int | None:
    """
    Return the offset at which the reply begins behind a leading block of thinking.

    It is 0 where there is no thinking, and None where the block is never closed. ``opened`` says
    that the prompt ended by opening one. Only the first block is thinking: what follows is the
    reply, whatever marks it has.
    """
    if not opened and _MARKED.search(text) is None:
        return 0
    channel = _channel_start(text)
    if channel != 0:
        return channel
    first = _OPENING.search(text)
    opened = opened or (first is not None and not text[: first.start()].strip())
    closing = _CLOSING.search(text)
    if closing is None and opened:
        final = _FINAL.search(text)
        return None if final is None else final.end()
    if closing is None:
        return 0
    # A block in the middle of a reply that begins otherwise is a part of that reply.
    leads = opened or first is None or closing.start() < first.start()
    return closing.end() if leads and (opened or not _is_mentioned(text, closing)) else 0


def judge_reply_start(text: str) -> int | None:
    """
    Return the offset behind all thinking of a judge's reply; None where some is never closed.

    A judge is no opponent that hides words between marks, so thinking counts wherever it stands.
    """
    if _MARKED.search(text) is None:
        return 0
    start = _channel_start(text)
    if start is None:
        return None
    for closing in _CLOSING.finditer(text, start):
        start = closing.end()
    return None if _OPENING.search(text, start) else start


def without_thinking(text: str, opened: bool = False) -> str | None:
    """Return what stands behind a leading block of thinking; None where it is never closed."""
    start = reply_start(text, opened)
    if start is None:
        return None
    return text[start:].lstrip() if start else text


def opens_thinking(prompt: str) -> bool:
    """Return whether a prompt, written out by a chat template, ends by opening a block."""
    return _ENDS_BY_OPENING.search(prompt, max(0, len(prompt.rstrip()) - 120)) is not None


def is_thinking_part(part: Mapping[str, Any]) -> bool:
    """Return whether a part of a message's content holds thinking, by its type or Gemini's mark."""
    kind = part.get("type")
    return (isinstance(kind, str) and kind in _PARTS) or part.get("thought") is True


def visible_transcript(transcript: Transcript) -> Transcript | None:
    """
    Return the transcript as a reader sees it; None where the completion ends inside its thinking.

    The thinking at the beginning of each message of the assistant in the completion is left out.
    The digests stay those of the whole text, by which results are joined, and a transcript without
    thinking is returned as it is.
    """
    changed = False
    kept = []
    for message in transcript.completion:
        if message.role == "assistant":
            start = reply_start(message.content)
            if start is None:
                return None
            if start:
                message = replace(message, content=message.content[start:].lstrip())
                changed = True
        kept.append(message)
    return replace(transcript, completion=tuple(kept)) if changed else transcript


def _channel_start(text: str) -> int | None:
    """Return where the channel ``final`` begins: 0 without channels, None if it never does."""
    channel = _CHANNEL.match(text)
    if channel is not None:
        final = _FINAL.search(text)
        return None if final is None else final.end()
    alone = _FINAL_ALONE.match(text)
    if alone is not None:
        return alone.end()
    bare = _BARE_CHANNEL.match(text)
    if bare is None:
        return 0
    final = _BARE_FINAL.search(text, bare.end("text") if bare["text"] else bare.end())
    if final is not None:
        return final.end()
    return None if (bare["text"] or "").isupper() else 0


def _is_mentioned(text: str, mark: re.Match[str]) -> bool:
    """Return whether a mark stands in quotation marks, as in a text that speaks about it."""
    before, after = text[: mark.start()][-1:], text[mark.end() :][:1]
    return before != "" and before == after and before in "`'\""
