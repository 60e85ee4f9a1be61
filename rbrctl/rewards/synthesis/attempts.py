"""The file beside the completions with every reply that was paid for, and what came of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.fields import optional_text, required_text
from rbrctl.rewards.synthesis.appended_lines import AppendedLines
from rbrctl.rewards.synthesis.assignment import Specification

SUFFIX = ".tries.jsonl"


class AttemptOutcome(StrEnum):
    """What came of a text."""

    ACCEPTED = "accepted"
    MISSED = "missed"
    """It is not what was asked for."""
    UNGRADED = "ungraded"
    """The grader failed, so that nobody knows."""
    ANEW = "anew"
    """No text's: the tries so far no longer count."""


@dataclass(slots=True)
class AttemptState:
    """The tries of one assignment."""

    asked: Specification | None = None
    """None before the first."""
    last: int = 0
    """The number of the last try."""
    used: int = 0
    """How many count."""
    waiting: dict[int, str] = field(default_factory=dict)
    """The texts of which nothing is known yet, by the number of the try."""
    reason: str = ""
    """Why the last one that failed was none."""


class AttemptLog:
    """
    The tries of each assignment, on disk before anything else is done with them.

    A text is written as it comes and its outcome as a row of its own, so that a run which is
    stopped between the two leaves a text that the next run grades and does not pay for again.
    """

    def __init__(self, lines: AppendedLines, done: Collection[str]) -> None:
        """Take up what is there, but for the ids that are done. Raises FileError."""
        self._lines = lines
        self._tried: dict[str, AttemptState] = {}
        for number, row in lines.rows:
            try:
                if required_text(row, "id") not in done:
                    self._read(row)
            except RecordError as error:
                raise lines.broken(number, error) from error

    @property
    def asked(self) -> Mapping[str, Specification]:
        """What was asked, by the id of each assignment that was tried."""
        return {id: tried.asked for id, tried in self._tried.items() if tried.asked is not None}

    def of(self, id: str) -> AttemptState:
        """Give the tries of an assignment."""
        return self._tried.setdefault(id, AttemptState())

    def wrote(self, id: str, asked: Specification, text: str) -> int:
        """Keep a text that came, and give the number of the try. Raises FileError."""
        return self._add(id, asked, {"text": text})

    def failed(self, id: str, asked: Specification, error: str) -> None:
        """Keep that a reply came which holds no completion. Raises FileError."""
        self._add(id, asked, {"error": error})

    def judged(
        self,
        id: str,
        number: int,
        outcome: AttemptOutcome,
        reason: str = "",
        broken: Collection[str] = (),
    ) -> None:
        """Keep what came of a text. Raises FileError."""
        row: dict[str, Any] = {"id": id, "try": number, "outcome": outcome.value}
        row |= {"reason": reason} if reason else {}
        self._lines.append(row | ({"broken": list(broken)} if broken else {}))
        self._settle(self.of(id), number, outcome, reason)

    def begin_anew(self, id: str) -> None:
        """Let the tries so far no longer count. Raises FileError."""
        self._lines.append({"id": id, "outcome": AttemptOutcome.ANEW.value})
        self.of(id).used = 0

    def _add(self, id: str, asked: Specification, what: Mapping[str, str]) -> int:
        number = self.of(id).last + 1
        row = {"id": id, "try": number, **what, "asked": asked.to_json()}
        self._lines.append(row)
        self._read(row)
        return number

    def _read(self, row: Mapping[str, Any]) -> None:
        tried = self.of(required_text(row, "id"))
        outcome = optional_text(row, "outcome")
        if outcome == AttemptOutcome.ANEW:
            tried.used = 0
            return
        number = row.get("try")
        if not isinstance(number, int):
            raise RecordError('no "try"')
        if outcome is not None:
            if outcome not in list(AttemptOutcome):
                raise RecordError(f"there is no outcome '{outcome[:60]}'")
            reason = optional_text(row, "reason") or ""
            self._settle(tried, number, AttemptOutcome(outcome), reason)
            return
        tried.asked = Specification.of_row(row)
        tried.last = number
        tried.used += 1
        text = optional_text(row, "text")
        if text is None:
            tried.reason = required_text(row, "error")
        else:
            tried.waiting[number] = text

    def _settle(
        self, tried: AttemptState, number: int, outcome: AttemptOutcome, reason: str
    ) -> None:
        # An accepted text stays at hand: should its row not have been kept, it is not paid again.
        if outcome is AttemptOutcome.MISSED:
            tried.waiting.pop(number, None)
            tried.reason = reason
