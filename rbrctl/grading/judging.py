"""From answers to a verdict: how an answer is decoded, and what the rules make of it."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Protocol

from rbrctl.records.models import (
    ANSWER_THRESHOLD,
    Answer,
    GraderIdentity,
    Result,
    RuleSetIdentity,
)
from rbrctl.ruleset.verdict import Judge


class AnswerDecoder(Protocol):
    """How an answer becomes a probability, and true or false."""

    def probability(self, name: str, answer: Answer) -> float | None:
        """Return P(true), calibrated where this decoder calibrates; None for an error."""
        ...

    def truth(self, name: str, answer: Answer) -> bool | None:
        """Return True if the proposition counts as true; None for an error."""
        ...


class PlainDecoder:
    """Takes answers as they are; a proposition is true from a probability of 0.5 on."""

    def probability(self, name: str, answer: Answer) -> float | None:
        """Return the answer's own probability; None for an error."""
        return answer.probability

    def truth(self, name: str, answer: Answer) -> bool | None:
        """Compare the answer's probability with ANSWER_THRESHOLD; None for an error."""
        if answer.probability is None:
            return None
        return answer.probability >= ANSWER_THRESHOLD


def read_decoder(calibration: str | PathLike[str] | None) -> AnswerDecoder:
    """
    Return how answers are decoded: by a calibration file, or as they are where it is None.

    Raises FileError and GraderError for a bad file.
    """
    if calibration is None:
        return PlainDecoder()
    from rbrctl.graders.calibration_file import read_calibration

    return read_calibration(Path(calibration))


def check_decoder(decoder: AnswerDecoder, grader: GraderIdentity) -> None:
    """Raise GraderError if answers of ``grader`` would be decoded by another one's calibration."""
    if isinstance(decoder, PlainDecoder):
        return
    from rbrctl.graders.calibration import Calibration

    if isinstance(decoder, Calibration):
        decoder.check(grader)


def judged(result: Result, judge: Judge, decoder: AnswerDecoder) -> Result:
    """
    Return the result with the verdict of ``judge``'s rule set on its answers.

    Answers to propositions that the rule set does not have are kept, but have no influence. A
    result whose response class the rule set does not have gets no verdict.
    """
    known = judge.ruleset.propositions
    answers = {name: answer for name, answer in result.answers.items() if name in known}
    assignment = {name: decoder.truth(name, answer) for name, answer in answers.items()}
    verdict = probabilities = None
    response_class = result.response_class
    if response_class is not None and response_class in judge.ruleset.response_classes:
        verdict = judge.verdict(response_class, assignment)
        probabilities = judge.rank_probabilities(response_class, _probabilities(answers, decoder))
    return replace(
        result,
        rules=verdict.rules if verdict else {},
        rank=verdict.rank if verdict else None,
        rank_probabilities=probabilities,
        axioms_broken=judge.axioms_broken(assignment),
        ruleset=RuleSetIdentity.of(judge.ruleset),
    )


def _probabilities(answers: Mapping[str, Answer], decoder: AnswerDecoder) -> dict[str, float]:
    decoded = {name: decoder.probability(name, answer) for name, answer in answers.items()}
    return {name: value for name, value in decoded.items() if value is not None}
