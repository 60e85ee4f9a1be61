"""Human preferences, ``prompt`` / ``chosen`` / ``rejected``, as pairs of transcripts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.messages import read_messages
from rbrctl.records.models import Message, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.pairs.candidates import COMPARISON, PREFERENCE, RM_SCORE, read_rm_score
from rbrctl.rewards.pairs.orderings import CHOSEN, REJECTED

_SIDES = (CHOSEN, REJECTED)
_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


@dataclass(frozen=True, slots=True)
class Preference:
    """One person's choice between two completions of a prompt."""

    id: str
    chosen: Transcript
    rejected: Transcript

    @property
    def transcripts(self) -> tuple[Transcript, Transcript]:
        """The two sides, the better one first."""
        return self.chosen, self.rejected


def is_preference(row: Mapping[str, Any]) -> bool:
    """Return True if a row of a data file is a preference."""
    return CHOSEN in row and REJECTED in row


def parse_preference(row: Mapping[str, Any], id: str) -> Preference:
    """
    Read one row; ``id`` is used if the row has none.

    Without a ``prompt``, both sides are whole conversations (messages, or a text as in
    ``read_dialogue``), and the messages that they both start with are the prompt.
    Raises RecordError with a message that names the field.
    """
    if row.get(RM_SCORE) is not None:
        raise RecordError(
            f"{RM_SCORE} is the score of one completion, and this is a preference between two: "
            f"write {RM_SCORE}_{CHOSEN} and {RM_SCORE}_{REJECTED}"
        )
    given = row.get("id", id)
    name = str(given) if isinstance(given, str | int) and given != "" else id
    prompt, sides = _conversations(row)
    response_class = row.get("response_class")
    if response_class is not None and not isinstance(response_class, str):
        raise RecordError("response_class must be a string")
    chosen, rejected = (
        replace(
            make_transcript(prompt, sides[side], response_class),
            id=f"{name}#{side}",
            extra={PREFERENCE: side, COMPARISON: name, **_score(row, side)},
        )
        for side in _SIDES
    )
    if chosen.content_digest == rejected.content_digest:
        raise RecordError("chosen and rejected are the same text, so there is no preference")
    return Preference(name, chosen, rejected)


def _score(row: Mapping[str, Any], side: str) -> dict[str, float]:
    """Return a side's ``rm_score`` as an extra key, or nothing if the row has none."""
    key = f"{RM_SCORE}_{side}"
    if row.get(key) is None:
        return {}
    try:
        return {RM_SCORE: read_rm_score({RM_SCORE: row[key]})}
    except RecordError as error:
        raise RecordError(str(error).replace(RM_SCORE, key, 1)) from error


def _conversations(
    row: Mapping[str, Any],
) -> tuple[tuple[Message, ...], dict[str, tuple[Message, ...]]]:
    sides = {side: _messages(row[side], side, "assistant") for side in _SIDES}
    if row.get("prompt") is not None:
        prompt = _messages(row["prompt"], "prompt", "user")
        if len(prompt) > 1 and prompt[-1] == Message("assistant", ""):
            # A text that ends with "Assistant:" asks for that turn; it is not an empty turn.
            prompt = prompt[:-1]
    else:
        prompt = _common_start(sides[CHOSEN], sides[REJECTED])
        if not prompt:
            raise RecordError(
                'there is no "prompt", and chosen and rejected do not start with the same message'
            )
    for side, messages in sides.items():
        # Some files repeat the prompt inside both sides.
        if messages[: len(prompt)] == prompt and len(messages) > len(prompt):
            messages = messages[len(prompt) :]
        if not messages or all(message.role != "assistant" for message in messages):
            raise RecordError(f"{side} has no message by the assistant")
        sides[side] = messages
    return prompt, sides


def _messages(value: object, where: str, text_role: str) -> tuple[Message, ...]:
    dialogue = read_dialogue(value) if isinstance(value, str) else None
    return dialogue or read_messages(value, where, text_role)


def _common_start(first: tuple[Message, ...], second: tuple[Message, ...]) -> tuple[Message, ...]:
    shortest = min(len(first), len(second))
    same = 0
    while same < shortest - 1 and first[same] == second[same]:
        same += 1
    return first[:same]


def read_dialogue(text: str) -> tuple[Message, ...] | None:
    """
    Read a conversation written as one text, with a speaker before each turn.

    A turn starts with an empty line and ``Human:`` or ``Assistant:``, as in the HH-RLHF data (Bai
    et al., 2022; github.com/anthropics/hh-rlhf). Returns None if the text does not start with one.
    """
    if _TURN.match(text) is None:
        return None
    _, *parts = _TURN.split(text)
    return tuple(
        Message(_ROLES[speaker], words.strip())
        for speaker, words in zip(parts[::2], parts[1::2], strict=True)
    )
