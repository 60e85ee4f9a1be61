"""Conversations written as one text, with a speaker before each turn."""

import re

from rbrctl.records.models import Message

_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def read_dialogue(text: str) -> tuple[Message, ...] | None:
    """
    Read a text of turns that begin with an empty line and ``Human:`` or ``Assistant:``.

    So the HH-RLHF data writes a conversation (Bai et al., 2022; github.com/anthropics/hh-rlhf).
    None where the text does not begin with such a turn.
    """
    if _TURN.match(text) is None:
        return None
    _, *parts = _TURN.split(text)
    return tuple(
        Message(_ROLES[speaker], words.strip())
        for speaker, words in zip(parts[::2], parts[1::2], strict=True)
    )
