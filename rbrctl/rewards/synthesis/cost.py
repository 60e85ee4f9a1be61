"""What a run will take, by the bytes of its requests, before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rbrctl.graders.endpoint.estimate import Estimate
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.usage import Prices
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.synthesis.assignment import Assignment
from rbrctl.rewards.synthesis.writer import writing_messages
from rbrctl.ruleset.verdict import Judge

BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class SynthesisCost:
    """What writing and grading take; what comes back of the writer is the most that may."""

    writing: Estimate = field(default_factory=Estimate)
    grading: Estimate = field(default_factory=Estimate)

    def __add__(self, other: "SynthesisCost") -> "SynthesisCost":
        """Add up two."""
        return SynthesisCost(self.writing + other.writing, self.grading + other.grading)

    @property
    def calls(self) -> int:
        """All calls, the writer's and the grader's."""
        return self.writing.calls + self.grading.calls

    def cost(self, writer: Prices, grader: Prices) -> float | None:
        """Give what all of it costs; None where no price is known."""
        costs = [self.writing.cost(writer), self.grading.cost(grader)]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None


class Estimator:
    """Tells what the tries of assignments take, and asks nobody."""

    def __init__(self, judge: Judge, most_tokens: int, grader: EndpointGrader | None) -> None:
        """Take the most tokens of a completion, and the grader where its answers are calls."""
        self._judge = judge
        self._most_tokens = most_tokens
        self._grader = grader
        self._grading: dict[str, Estimate] = {}

    def total(
        self, work: Sequence[Assignment], writings: Mapping[str, int], gradings: Mapping[str, int]
    ) -> SynthesisCost:
        """Give what it takes to write and to grade each assignment so many times, by its id."""
        total = SynthesisCost()
        for each in work:
            total += SynthesisCost(
                _times(self._writing_of(each), writings[each.id]),
                _times(self._grading_of(each), gradings[each.id]),
            )
        return total

    def _writing_of(self, assignment: Assignment) -> Estimate:
        messages = writing_messages(
            self._judge.ruleset,
            assignment.response_class,
            assignment.prompt.prompt,
            assignment.target,
        )
        size = sum(len(message["content"].encode()) for message in messages)
        return Estimate(
            calls=1, input_tokens=size // BYTES_A_TOKEN, output_tokens=self._most_tokens
        )

    def _grading_of(self, assignment: Assignment) -> Estimate:
        """Grade a completion as long as one may be; of a prompt all take the same."""
        grader = self._grader
        if grader is None:
            return Estimate()
        if assignment.prompt.id not in self._grading:
            text = "x" * (self._most_tokens * BYTES_A_TOKEN)
            transcript = make_transcript(assignment.prompt.prompt, text, assignment.response_class)
            needed = self._judge.dependencies(assignment.response_class)
            asked = grader.question_digests if grader.asks_together else needed
            names = [name for name in asked if name in grader.question_digests]
            self._grading[assignment.prompt.id] = grader.estimate(transcript, names)
        return self._grading[assignment.prompt.id]


def _times(estimate: Estimate, count: int) -> Estimate:
    return replace(
        estimate,
        transcripts=estimate.transcripts * count,
        answers=estimate.answers * count,
        calls=estimate.calls * count,
        input_tokens=estimate.input_tokens * count,
        output_tokens=estimate.output_tokens * count,
    )
