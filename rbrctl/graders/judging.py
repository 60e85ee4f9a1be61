"""From a grader's answers to a result: how answers are read, and the verdict that follows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from rbrctl.records.models import ANSWER_THRESHOLD, Answer, Result, RuleSetIdentity
from rbrctl.ruleset.verdict import Judge


class Reading(Protocol):
    """How an answer is turned into a probability and into true or false."""

    def probability(self, name: str, answer: Answer) -> float | None:
        """Give P(true), calibrated where this reading calibrates; None for an error."""
        ...

    def truth(self, name: str, answer: Answer) -> bool | None:
        """Tell whether the proposition is taken as true; None for an error."""
        ...


class PlainReading:
    """Answers as they are, true from 0.5 on."""

    def probability(self, name: str, answer: Answer) -> float | None:
        """Give the answer's own probability."""
        return answer.probability

    def truth(self, name: str, answer: Answer) -> bool | None:
        """Compare with ANSWER_THRESHOLD."""
        if answer.probability is None:
            return None
        return answer.probability >= ANSWER_THRESHOLD


def judged(result: Result, judge: Judge, reading: Reading) -> Result:
    """
    Give the same result with the verdict of ``judge``'s rule set on its answers.

    Answers to propositions that the rule set does not have are kept and play no part; a response
    class that it does not have leaves the result without a verdict.
    """
    known = judge.ruleset.propositions
    answers = {name: answer for name, answer in result.answers.items() if name in known}
    assignment = {name: reading.truth(name, answer) for name, answer in answers.items()}
    verdict = probabilities = None
    response_class = result.response_class
    if response_class is not None and response_class in judge.ruleset.response_classes:
        verdict = judge.verdict(response_class, assignment)
        probabilities = judge.rank_probabilities(response_class, _probabilities(answers, reading))
    return replace(
        result,
        rules=verdict.rules if verdict else {},
        rank=verdict.rank if verdict else None,
        rank_probabilities=probabilities,
        axioms_broken=judge.axioms_broken(assignment),
        ruleset=RuleSetIdentity.of(judge.ruleset),
    )


def _probabilities(answers: Mapping[str, Answer], reading: Reading) -> dict[str, float]:
    read = {name: reading.probability(name, answer) for name, answer in answers.items()}
    return {name: value for name, value in read.items() if value is not None}
