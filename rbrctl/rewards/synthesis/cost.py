"""The calls, tokens and price of a synthesis, estimated from the bytes of its requests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.usage import Budget, Estimate, Prices
from rbrctl.records.transcripts import make_transcript
from rbrctl.rewards.synthesis.assignment import Assignment
from rbrctl.rewards.synthesis.writer import writing_messages
from rbrctl.ruleset.verdict import Judge

BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class SynthesisCost:
    """Estimates for writing and grading; the tokens that the writer sends back are the most."""

    writing: Estimate = field(default_factory=Estimate)
    grading: Estimate = field(default_factory=Estimate)

    def __add__(self, other: "SynthesisCost") -> "SynthesisCost":
        """Return the sum of two."""
        return SynthesisCost(self.writing + other.writing, self.grading + other.grading)

    @property
    def calls(self) -> int:
        """The number of calls to the writer and the grader."""
        return self.writing.calls + self.grading.calls

    def cost(self, writer: Prices, grader: Prices) -> float | None:
        """Return the price of both, or None if no price is known."""
        costs = [self.writing.cost(writer), self.grading.cost(grader)]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run may take: one attempt at each completion, and all that are allowed."""

    completions: int
    """The number of completions that are still to be written."""
    kept: int
    """The number of completions that an earlier run has written."""
    attempts: int
    one_try: SynthesisCost
    all_tries: SynthesisCost
    writer: Prices
    grader: Prices

    def price(self, cost: SynthesisCost) -> float | None:
        """Return the price of a cost, or None if no price is known."""
        return cost.cost(self.writer, self.grader)

    def exceeded(self, budget: Budget) -> Iterator[tuple[str, float, str]]:
        """Yield the option, the limit and the part of the work for limits that may be too low."""
        for option, most, one, every in (
            ("--max-calls", budget.calls, self.one_try.calls, self.all_tries.calls),
            (
                "--max-cost",
                budget.cost,
                self.price(self.one_try) or 0.0,
                self.price(self.all_tries) or 0.0,
            ),
        ):
            if most is not None and every > most:
                yield option, most, "one try of each" if one > most else "all tries"


class Estimator:
    """Estimates what attempts at assignments take, without a call."""

    def __init__(self, judge: Judge, most_tokens: int, grader: EndpointGrader | None) -> None:
        """Take the token limit of a completion, and the grader if its answers are calls."""
        self._judge = judge
        self._most_tokens = most_tokens
        self._grader = grader
        self._grading: dict[str, Estimate] = {}

    def total(
        self, work: Sequence[Assignment], writings: Mapping[str, int], gradings: Mapping[str, int]
    ) -> SynthesisCost:
        """Return the cost of writing and grading each assignment as often as its id says."""
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
        """Return the cost of grading the longest completion, which is the same for a prompt."""
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
