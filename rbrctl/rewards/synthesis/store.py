"""The accepted completions and the log of all attempts, from which a later run continues."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rbrctl.errors import RecordError, UsageError
from rbrctl.records.models import Transcript
from rbrctl.records.transcripts import parse_transcript, transcript_to_json
from rbrctl.rewards.synthesis.appended_lines import AppendedLines
from rbrctl.rewards.synthesis.assignment import Assignment, Specification
from rbrctl.rewards.synthesis.attempts import SUFFIX, AttemptLog, AttemptOutcome
from rbrctl.ruleset.model import RuleSet

COMPLETION_TYPE = "completion_type"
"""The key of a row that has the rank which was asked for."""
BROKEN = "broken"
"""The key of a row that has the rules which the completion breaks."""


class CompletionStore:
    """Transcripts in a JSON Lines file, and their tries in another; a context manager."""

    def __init__(
        self, path: str, ruleset: RuleSet, *, write: bool = True, overwrite: bool = False
    ) -> None:
        """
        Take up what an earlier run has kept; without ``write`` nothing is made or changed.

        Raises FileError where a file cannot be used or another run has it, and UsageError where it
        is of another rule set.
        """
        self.path = path
        self._ruleset = ruleset
        self.kept: dict[str, Transcript] = {}
        self._asked: dict[str, Specification] = {}
        self._lines = AppendedLines(path, "completions", write=write, overwrite=overwrite)
        try:
            for number, row in self._lines.rows:
                try:
                    transcript = parse_transcript(row)
                    self._asked[transcript.id] = Specification.of_row(row)
                except RecordError as error:
                    raise self._lines.broken(number, error) from error
                self.kept[transcript.id] = transcript
            beside = AppendedLines(path + SUFFIX, "tries", write=write, overwrite=overwrite)
        except BaseException:
            self._lines.close()
            raise
        self._beside = beside
        try:
            self.attempts = AttemptLog(beside, self.kept)
            self._asked = dict(self.attempts.asked) | self._asked
            self._check_ruleset()
        except BaseException:
            self.close()
            raise

    def check(self, work: Iterable[Assignment]) -> None:
        """Raise UsageError if an id of this run was used for another assignment before."""
        for each in work:
            before = self._asked.get(each.id)
            # Rows of version 0.1 name the same rules by another digest; opening has checked them.
            now = each.asked(self._ruleset.digest if before is None else before.ruleset)
            if before is not None and before != now:
                what = "another prompt" if before.prompt != now.prompt else str(before)
                raise UsageError(
                    f"{self.path} holds completions of another plan ({each.id} was for {what}, and "
                    f"is now for {now}): give another file, or --overwrite to start this one afresh"
                )

    def accept(self, transcript: Transcript, number: int, broken: Iterable[str]) -> None:
        """Record a completion and the attempt that it came from. Raise FileError."""
        self._lines.append(transcript_to_json(transcript))
        self.attempts.judged(transcript.id, number, AttemptOutcome.ACCEPTED, broken=tuple(broken))
        self.attempts.of(transcript.id).waiting.clear()
        self.kept[transcript.id] = transcript

    def close(self) -> None:
        """Close the files, so that another run can open them."""
        self._lines.close()
        self._beside.close()

    def __enter__(self) -> Self:
        """Return the open store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    def _check_ruleset(self) -> None:
        ruleset = self._ruleset
        for asked in self._asked.values():
            if not ruleset.has_digest(asked.ruleset):
                raise UsageError(
                    f"{self.path} holds completions of another rule set (digest "
                    f"{asked.ruleset[:12]}), and this run uses {ruleset.name} {ruleset.version} "
                    f"(digest {ruleset.digest[:12]}): give another file, or --overwrite to start "
                    "this one afresh"
                )
