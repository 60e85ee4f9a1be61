"""The log of attempts beside the completions: every reply that was paid for, and its outcome."""

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
    """The outcome of an attempt."""

    ACCEPTED = "accepted"
    MISSED = "missed"
    """The completion is not what was asked for."""
    UNGRADED = "ungraded"
    """The grader failed, so the completion was not judged."""
    RESET = "anew"
    """Marks a restart: attempts recorded before this line are ignored."""


@dataclass(slots=True)
class AttemptState:
    """The attempts at one assignment."""

    asked: Specification | None = None
    """None before the first attempt."""
    last: int = 0
    """The number of the last attempt."""
    used: int = 0
    """How many attempts count: those since the last restart."""
    waiting: dict[int, str] = field(default_factory=dict)
    """Completions that were written but not graded yet, by attempt number."""
    reason: str = ""
    """The reason why the last failed attempt was rejected, or an empty string."""


class AttemptLog:
    """
    The attempts at each assignment, written to disk before anything else is done with them.

    A text is recorded when it arrives, and its outcome in a row of its own. If a run is stopped
    between the two, the next run grades the text and does not pay for it again.
    """

    def __init__(self, lines: AppendedLines, done: Collection[str]) -> None:
        """Read the file, without the ids that are ``done``. Raise FileError."""
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
        """The specification of each assignment that was attempted, by its id."""
        return {id: tried.asked for id, tried in self._tried.items() if tried.asked is not None}

    def of(self, id: str) -> AttemptState:
        """Return the state of an assignment."""
        return self._tried.setdefault(id, AttemptState())

    def wrote(self, id: str, asked: Specification, text: str) -> int:
        """Record a text, and return the number of the attempt. Raise FileError."""
        return self._add(id, asked, {"text": text})

    def failed(self, id: str, asked: Specification, error: str) -> None:
        """Record a reply that has no completion. Raise FileError."""
        self._add(id, asked, {"error": error})

    def judged(
        self,
        id: str,
        number: int,
        outcome: AttemptOutcome,
        reason: str = "",
        broken: Collection[str] = (),
    ) -> None:
        """Record the outcome of a text. Raise FileError."""
        row: dict[str, Any] = {"id": id, "try": number, "outcome": outcome.value}
        row |= {"reason": reason} if reason else {}
        self._lines.append(row | ({"broken": list(broken)} if broken else {}))
        self._settle(self.of(id), number, outcome, reason)

    def reset(self, id: str) -> None:
        """Start again: the attempts so far no longer count. Raise FileError."""
        self._lines.append({"id": id, "outcome": AttemptOutcome.RESET.value})
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
        if outcome == AttemptOutcome.RESET:
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
        # An accepted text is kept here: if its row was lost, it need not be paid for again.
        if outcome is AttemptOutcome.MISSED:
            tried.waiting.pop(number, None)
            tried.reason = reason
