"""Check by the grader's answers and the rules whether a completion is what was asked for."""

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.grading.engine import Engine
from rbrctl.records.models import Result, Transcript
from rbrctl.records.results_store import ResultsStore
from rbrctl.rewards.synthesis.attempts import AttemptOutcome
from rbrctl.rewards.synthesis.targets import Target
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of a completion, and whether the completion is what was asked for."""

    result: Result
    outcome: AttemptOutcome
    reason: str = ""
    """How it differs from what was asked for, or why that is unknown; empty if accepted."""

    @property
    def broken(self) -> tuple[str, ...]:
        """The rules that the completion breaks."""
        states = self.result.rules.items()
        return tuple(rule for rule, state in states if state is RuleState.BROKEN)


class Checker:
    """Grades completions as ``rbrctl grade`` does, and compares them with their targets."""

    def __init__(self, judge: Judge, grader: Grader) -> None:
        """Take the rules and an open grader."""
        self._judge = judge
        self._grader = grader
        self._engine = Engine(judge, grader)

    def require(self, response_class: str) -> None:
        """Raise UsageError if the grader cannot answer all that the rules of a class need."""
        needed = self._judge.dependencies(response_class)
        if unknown := [name for name in needed if name not in self._grader.question_digests]:
            raise UsageError(
                f"{response_class}: the grader knows nothing of {', '.join(unknown)}, so no "
                "completion could be found to be as asked: give them cues, or train or name "
                "another grader"
            )

    async def grade_into(self, transcripts: Iterable[Transcript], store: ResultsStore) -> None:
        """Grade transcripts and append their results to a store. Raise GraderError, FileError."""
        async with aclosing(self._engine.results(transcripts, store)) as results:
            async for _ in results:
                pass

    async def check(self, transcript: Transcript, target: Target) -> Assessment:
        """Grade a completion and compare it with its target. Raise GraderError."""
        result = await self._engine.grade(transcript)
        if miss := _miss(result, target):
            return Assessment(result, AttemptOutcome.MISSED, miss)
        open_rules = [
            rule for rule, state in result.rules.items() if state is RuleState.UNDETERMINED
        ]
        if result.rank is None or (open_rules and target.description is None):
            return Assessment(
                result, AttemptOutcome.UNGRADED, f"not graded: {_first_error(result)}"
            )
        return Assessment(result, AttemptOutcome.ACCEPTED)


def _miss(result: Result, target: Target) -> str:
    """Return how a completion certainly differs from its target; empty if it does not."""
    if result.rank not in (None, target.rank):
        return f"graded {result.rank}, and {target.rank} was asked for"
    if target.description is not None:
        return ""
    wanted = set(target.breaks)
    kept = [
        rule for rule, state in result.rules.items() if rule in wanted and state is RuleState.HELD
    ]
    if kept:
        return f"does not break {', '.join(kept)}"
    further = [
        rule
        for rule, state in result.rules.items()
        if rule not in wanted and state is RuleState.BROKEN
    ]
    return f"breaks {', '.join(further)} too, which was to be kept" if further else ""


def _first_error(result: Result) -> str:
    errors = (f"{name}: {answer.error}" for name, answer in result.answers.items() if answer.error)
    return next(errors, "the grader left it open")
