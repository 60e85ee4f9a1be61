"""Whether a completion shows what was asked, by the grader's answers and the rules."""

from dataclasses import dataclass

from rbrctl.errors import UsageError
from rbrctl.graders.interface import Grader
from rbrctl.grading.engine import Engine
from rbrctl.records.models import Result, Transcript
from rbrctl.rewards.synthesis.attempts import AttemptOutcome
from rbrctl.rewards.synthesis.targets import Target
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the grader and the rules say of one completion."""

    result: Result
    outcome: AttemptOutcome
    reason: str = ""
    """How it differs from what was asked, or why nobody knows."""

    @property
    def broken(self) -> tuple[str, ...]:
        """The rules that it breaks."""
        states = self.result.rules.items()
        return tuple(rule for rule, state in states if state is RuleState.BROKEN)


class Checker:
    """Grades completions as ``rbrctl grade`` does, and holds them against their targets."""

    def __init__(self, judge: Judge, grader: Grader) -> None:
        """Bind to an open grader."""
        self._judge = judge
        self._grader = grader
        self._engine = Engine(judge, grader)

    def require(self, response_class: str) -> None:
        """Raise UsageError where the grader cannot answer all that a class's rules depend on."""
        needed = self._judge.dependencies(response_class)
        if unknown := [name for name in needed if name not in self._grader.question_digests]:
            raise UsageError(
                f"{response_class}: the grader knows nothing of {', '.join(unknown)}, so no "
                "completion could be found to be as asked: give them cues, or train or name "
                "another grader"
            )

    async def grade(self, transcript: Transcript) -> Result:
        """Give the result of a transcript. Raises GraderError where going on is pointless."""
        return await self._engine.grade(transcript)

    async def check(self, transcript: Transcript, target: Target) -> Assessment:
        """Tell whether a completion is as asked. Raises GraderError where going on is pointless."""
        result = await self.grade(transcript)
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
    """Tell how a completion certainly differs from what was asked; empty where it does not."""
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
