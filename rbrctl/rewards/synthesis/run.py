"""The run: every target written, graded, and written anew until it shows what was asked."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from rbrctl.errors import GraderError
from rbrctl.graders.interface import Grader
from rbrctl.records.models import Result, Transcript
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.answering import answered
from rbrctl.rewards.synthesis.instructions import writing_messages
from rbrctl.rewards.synthesis.targets import Plan, Target, targets_of
from rbrctl.rewards.synthesis.writer import Writer, WritingError
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState

COMPLETION_TYPE = "completion_type"
"""The key of a row that has the rank which was asked for."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A prompt and one target."""

    prompt: Transcript
    """Its completion is empty and of no meaning."""
    response_class: str
    target: Target

    @property
    def id(self) -> str:
        """What its row is called: the prompt's id and the target's name."""
        return f"{self.prompt.id}/{self.target.name}"


@dataclass(frozen=True, slots=True)
class Failed:
    """A target that no attempt reached."""

    id: str
    rank: str
    reason: str


@dataclass(slots=True)
class Summary:
    """What a run did."""

    wanted: int = 0
    written: dict[str, int] = field(default_factory=dict)
    """By rank."""
    attempts: int = 0
    failed: list[Failed] = field(default_factory=list)


def assignments(
    prompts: Iterable[Transcript], judge: Judge, plan: Plan, seed: int, done: Collection[str]
) -> list[Assignment]:
    """
    Draw the targets of every prompt, but for those whose ids are done.

    Each prompt's response class is a name of the rule set. Raises UsageError.
    """
    found: list[Assignment] = []
    for prompt in prompts:
        name = prompt.response_class or ""
        for target in targets_of(judge, name, prompt.prompt_digest, plan, seed):
            each = Assignment(prompt, name, target)
            if each.id not in done:
                found.append(each)
    return found


class SynthesisRun:
    """Writes and checks with one writer, one grader and one rule set."""

    def __init__(
        self, judge: Judge, writer: Writer, grader: Grader, attempts: int, concurrency: int
    ) -> None:
        """Try each target ``attempts`` times at most, ``concurrency`` targets at once."""
        self.summary = Summary()
        self._judge = judge
        self._writer = writer
        self._grader = grader
        self._attempts = attempts
        self._room = asyncio.Semaphore(concurrency)

    async def run(
        self, work: Sequence[Assignment], on_written: Callable[[Transcript], None]
    ) -> Summary:
        """
        Write all assignments; ``on_written`` hears of each completion that was accepted.

        Raises GraderError where going on is pointless; what was accepted was heard of.
        """
        self.summary.wanted += len(work)
        tasks = [asyncio.create_task(self._one(each, on_written)) for each in work]
        try:
            await asyncio.gather(*tasks)
        except GraderError:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return self.summary

    async def _one(self, assignment: Assignment, on_written: Callable[[Transcript], None]) -> None:
        reason = ""
        async with self._room:
            for attempt in range(1, self._attempts + 1):
                self.summary.attempts += 1
                try:
                    transcript = await self._write(assignment, attempt)
                except WritingError as error:
                    reason = str(error)
                    continue
                (result,) = await answered([transcript], self._judge, self._grader)
                reason = self._miss(assignment, result)
                if not reason:
                    rank = assignment.target.rank
                    self.summary.written[rank] = self.summary.written.get(rank, 0) + 1
                    on_written(transcript)
                    return
        self.summary.failed.append(Failed(assignment.id, assignment.target.rank, reason))

    async def _write(self, assignment: Assignment, attempt: int) -> Transcript:
        prompt = assignment.prompt
        messages = writing_messages(
            self._judge.ruleset, assignment.response_class, prompt.prompt, assignment.target
        )
        text = await self._writer.write(messages)
        made = make_transcript(prompt.prompt, text, assignment.response_class)
        extra = {
            COMPLETION_TYPE: assignment.target.rank,
            "asked": {"breaks": list(assignment.target.breaks), "attempts": attempt},
        }
        return replace(made, id=assignment.id, category=prompt.category, extra=extra)

    def _miss(self, assignment: Assignment, result: Result) -> str:
        """Tell how a completion differs from what was asked; empty where it does not."""
        target = assignment.target
        if result.rank != target.rank:
            return f"graded {result.rank or 'undetermined'}, and {target.rank} was asked for"
        truth = {
            name: answer.probability >= 0.5
            for name, answer in result.answers.items()
            if answer.probability is not None
        }
        states = self._judge.verdict(assignment.response_class, truth).rules
        missing = [rule for rule in target.breaks if states[rule] is not RuleState.BROKEN]
        return f"does not break {', '.join(missing)}" if missing else ""
