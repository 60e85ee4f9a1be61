"""The verdict that the labels of a transcript give on its rules and rank."""

from collections.abc import Mapping
from dataclasses import dataclass

from rbrctl.records.models import Result
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState


@dataclass(frozen=True, slots=True)
class Gold:
    """The verdict by the labels; absent labels can leave rules and the rank undetermined."""

    rules: Mapping[str, RuleState]
    rank: str | None
    contradicted: bool = False
    """True where a rank label differs from the rank that the labels determine."""


def gold_of(judge: Judge, result: Result) -> Gold:
    """
    Return the verdict that a result's labels give; an absent label is unknown.

    Where the row has a rank label that is a rank of the rule set, that is the gold rank: a person
    judged the completion as a whole.
    """
    response_class = result.response_class
    if response_class is None or response_class not in judge.ruleset.response_classes:
        return Gold({}, None)
    verdict = judge.verdict(response_class, result.labels)
    rank = verdict.rank
    if result.rank_label in judge.ruleset.ranks:
        rank = result.rank_label
    return Gold(verdict.rules, rank, contradicted=verdict.rank not in (None, rank))
