"""Write every target, grade it, and write it again until it is what was asked for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rbrctl.errors import BudgetSpentError
from rbrctl.records.models import Result, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.synthesis.assignment import Assignment
from rbrctl.rewards.synthesis.attempts import AttemptOutcome, AttemptState
from rbrctl.rewards.synthesis.checker import Checker
from rbrctl.rewards.synthesis.store import BROKEN, COMPLETION_TYPE, CompletionStore
from rbrctl.rewards.synthesis.writer import NoReplyError, Writer, WritingError, writing_messages
from rbrctl.ruleset.model import RuleSet

OnAccepted = Callable[[Transcript, Result], None]


@dataclass(frozen=True, slots=True)
class Failed:
    """A target that no attempt has reached."""

    id: str
    rank: str
    tries: int
    """Number of replies so far, including those of earlier runs."""
    reason: str


@dataclass(slots=True)
class Summary:
    """The outcome of a run."""

    wanted: int = 0
    written: dict[str, int] = field(default_factory=dict)
    """Completions that were accepted, by rank."""
    tries: int = 0
    """Replies of the writer."""
    failed: list[Failed] = field(default_factory=list)
    stopped: str = ""
    """The reason why a spent budget ended the run early, or an empty string."""


class SynthesisRun:
    """Writes with one writer, checks with one grader, and records everything in one store."""

    def __init__(
        self,
        ruleset: RuleSet,
        writer: Writer,
        checker: Checker,
        store: CompletionStore,
        attempts: int,
        concurrency: int,
    ) -> None:
        """Take the parts, the most attempts at a target, and how many targets run at once."""
        self.summary = Summary()
        self._ruleset = ruleset
        self._writer = writer
        self._checker = checker
        self._store = store
        self._attempts = attempts
        self._room = asyncio.Semaphore(concurrency)
        self._stopped = False

    async def run(self, work: Sequence[Assignment], on_accepted: OnAccepted) -> Summary:
        """
        Write all assignments; ``on_accepted`` hears of each completion, which is kept by then.

        Where one call says that going on is pointless no other begins, and those in flight end:
        what they bring was paid for, and is kept. Raises GraderError for that, but for a budget
        that is spent, which the summary tells; raises FileError.
        """
        self.summary.wanted += len(work)
        tasks = [asyncio.create_task(self._one(each, on_accepted)) for each in work]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [each for each in outcomes if isinstance(each, BaseException)]
        for error in errors:
            if not isinstance(error, BudgetSpentError):
                raise error
        self.summary.stopped = str(errors[0]) if errors else ""
        return self.summary

    async def _one(self, assignment: Assignment, on_accepted: OnAccepted) -> None:
        async with self._room:
            try:
                reason = await self._reach(assignment, on_accepted)
            except Exception:
                self._stopped = True
                raise
        if reason:
            tries = self._store.attempts.of(assignment.id).used
            failed = Failed(assignment.id, assignment.target.rank, tries, reason)
            self.summary.failed.append(failed)

    async def _reach(self, assignment: Assignment, on_accepted: OnAccepted) -> str:
        """Write until a completion is accepted; return why none was, or an empty string."""
        tried = self._store.attempts.of(assignment.id)
        while True:
            number = next(iter(tried.waiting), None)
            if number is None:
                if self._stopped:
                    return ""
                if tried.used >= self._attempts:
                    return tried.reason
                try:
                    await self._write(assignment)
                except NoReplyError as error:
                    return str(error)
                continue
            outcome, reason = await self._check(assignment, tried, number, on_accepted)
            if outcome is not AttemptOutcome.MISSED:
                return reason

    async def _write(self, assignment: Assignment) -> None:
        """Request one reply and record it. Raise NoReplyError if none arrived."""
        asked = assignment.asked(self._ruleset.digest)
        messages = writing_messages(
            self._ruleset, assignment.response_class, assignment.prompt.prompt, assignment.target
        )
        try:
            text = await self._writer.write(messages)
        except WritingError as error:
            self.summary.tries += 1
            self._store.attempts.failed(assignment.id, asked, str(error))
        else:
            self.summary.tries += 1
            self._store.attempts.wrote(assignment.id, asked, text)

    async def _check(
        self, assignment: Assignment, tried: AttemptState, number: int, on_accepted: OnAccepted
    ) -> tuple[AttemptOutcome, str]:
        """Grade a recorded text, and record the outcome."""
        transcript = self._transcript(assignment, tried, number)
        assessment = await self._checker.check(transcript, assignment.target)
        if assessment.outcome is not AttemptOutcome.ACCEPTED:
            self._store.attempts.judged(
                assignment.id, number, assessment.outcome, assessment.reason, assessment.broken
            )
            return assessment.outcome, assessment.reason
        broken = {BROKEN: list(assessment.broken)}
        accepted = replace(transcript, extra={**transcript.extra, **broken})
        self._store.accept(accepted, number, assessment.broken)
        rank = assignment.target.rank
        self.summary.written[rank] = self.summary.written.get(rank, 0) + 1
        result = assessment.result
        on_accepted(accepted, replace(result, extra={**result.extra, **broken}))
        return assessment.outcome, ""

    def _transcript(self, assignment: Assignment, tried: AttemptState, number: int) -> Transcript:
        prompt = assignment.prompt
        text = tried.waiting[number]
        made = make_transcript(prompt.prompt, text, assignment.response_class)
        extra = {
            **prompt.extra,
            COMPLETION_TYPE: assignment.target.rank,
            "asked": {**assignment.asked(self._ruleset.digest).to_json(), "try": number},
        }
        return replace(made, id=assignment.id, category=prompt.category, extra=extra)
