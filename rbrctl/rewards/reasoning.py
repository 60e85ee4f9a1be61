"""
Thinking: what a model writes for itself before its reply, and no user sees.

A completion is what the user sees, so a leading block of thinking is dropped before it is judged. A
block is ``<think>...</think>``, or one of its kin below. A chat template may have opened it at the
prompt's end, so that a completion has the closing tag alone: then what stands before the tag is the
thinking, as the parsers of inference servers have it. Only the first block is dropped; what comes
behind it is the reply, whatever tags it has. Where a block is never closed there is no reply yet.
"""

from enum import StrEnum


class Reasoning(StrEnum):
    """Whether thinking is dropped, or judged as a part of the completion."""

    DROP = "drop"
    KEEP = "keep"


TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("[THINK]", "[/THINK]"),
)


def without_thinking(text: str, opened: bool = False) -> str | None:
    """
    Give what stands behind a leading block of thinking; None where that block is never closed.

    ``opened`` says that the prompt ended by opening one.
    """
    start = text.lstrip()
    for opening, _ in TAGS:
        if start.startswith(opening):
            opened = True
    closings = [
        (place, closing)
        for opening, closing in TAGS
        if (place := text.find(closing)) >= 0
        and (start.startswith(opening) or opening not in text[:place])
    ]
    if not closings:
        return None if opened else text
    place, closing = min(closings)
    return text[place + len(closing) :].lstrip()


def opens_thinking(prompt: str) -> bool:
    """Tell whether a prompt, written out by a chat template, ends by opening a block."""
    end = prompt.rstrip()
    return any(end.endswith(opening) for opening, _ in TAGS)
