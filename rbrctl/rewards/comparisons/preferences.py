"""Human preferences, ``prompt`` / ``chosen`` / ``rejected``, as pairs of transcripts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.messages import read_messages
from rbrctl.records.models import Message, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.comparisons.candidates import RM_SCORE, read_rm_score
from rbrctl.rewards.comparisons.cycles import components
from rbrctl.rewards.comparisons.dialogues import read_dialogue
from rbrctl.rewards.comparisons.orderings import CHOSEN, REJECTED

PREFERENCE = "preference"
"""The key of a transcript that says which side of its preference it is."""
COMPARISON = "comparison"
"""The key of a transcript that names its preference."""
_SIDES = (CHOSEN, REJECTED)


@dataclass(frozen=True, slots=True)
class Preference:
    """One person's choice between two completions of a prompt."""

    id: str
    chosen: Transcript
    rejected: Transcript

    @property
    def transcripts(self) -> tuple[Transcript, Transcript]:
        """Both sides, the better first."""
        return self.chosen, self.rejected


def is_preference(row: Mapping[str, Any]) -> bool:
    """Tell whether a row of a data file is a preference."""
    return CHOSEN in row and REJECTED in row


def parse_preference(row: Mapping[str, Any], id: str) -> Preference:
    """
    Read one row; ``id`` is for a row that has none.

    Where there is no ``prompt``, both sides are whole conversations (messages, or a text as
    ``read_dialogue`` has it), and what they begin with alike is the prompt.
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
        raise RecordError("response_class must be a text")
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
    """Give a side's ``rm_score`` as an extra key; none where the row has none."""
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
            # A text that ends with "Assistant:" asks for the turn, and does not give it.
            prompt = prompt[:-1]
    else:
        prompt = _common_start(sides[CHOSEN], sides[REJECTED])
        if not prompt:
            raise RecordError('no "prompt", and chosen and rejected do not begin alike')
    for side, messages in sides.items():
        # Some files repeat the prompt inside both sides.
        if messages[: len(prompt)] == prompt and len(messages) > len(prompt):
            messages = messages[len(prompt) :]
        if not messages or all(message.role != "assistant" for message in messages):
            raise RecordError(f"{side} has no message of the assistant")
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


class ContradictionCheck:
    """Finds preferences that go round in a circle: A over B and B over A, or longer ones."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: list[tuple[str, str, str]] = []

    def add(self, preference: Preference) -> None:
        """Take one preference into account."""
        better, worse = (each.content_digest for each in preference.transcripts)
        self._seen.append((better, worse, preference.id))

    @property
    def circles(self) -> list[tuple[str, ...]]:
        """The ids of the preferences that contradict each other, those of one circle together."""
        component = components((better, worse) for better, worse, _ in self._seen)
        circles: dict[int, list[str]] = {}
        for better, worse, id in self._seen:
            # Which of them is wrong nobody knows: every one is on some way round.
            if component[better] == component[worse]:
                circles.setdefault(component[better], []).append(id)
        return [tuple(ids) for ids in circles.values()]
