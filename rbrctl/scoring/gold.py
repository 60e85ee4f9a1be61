"""What the labels of a transcript say of its rules and rank."""

from collections.abc import Mapping
from dataclasses import dataclass

from rbrctl.records.models import Result
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState


@dataclass(frozen=True, slots=True)
class Gold:
    """The verdict by the labels: determined only where every filling of the absent ones agrees."""

    rules: Mapping[str, RuleState]
    rank: str | None
    contradicted: bool = False
    """True where a rank label differs from the rank that the labels determine."""


def gold_of(judge: Judge, result: Result) -> Gold:
    """
    Apply the rules to a result's labels; an absent label is unknown.

    A rank label, where the row has one of the rule set's ranks, is the gold rank: it is what a
    human said of the whole.
    """
    response_class = result.response_class
    if response_class is None or response_class not in judge.ruleset.response_classes:
        return Gold({}, None)
    verdict = judge.verdict(response_class, result.labels)
    rank = verdict.rank
    if result.rank_label in judge.ruleset.ranks:
        rank = result.rank_label
    return Gold(verdict.rules, rank, contradicted=verdict.rank not in (None, rank))
