"""The reward as a function: answers in, one number out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rbrctl.errors import GraderError, UsageError
from rbrctl.records.models import ANSWER_THRESHOLD
from rbrctl.rewards.features import FeatureSet
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import hint_for

TIE = 1e-9
"""Rewards that differ by less are the same: the order of a sum is no reason to prefer one."""


@dataclass(frozen=True, slots=True)
class Reward:
    """A completion's reward and what it is made of."""

    total: float
    rules: float
    """The sum of weight times feature."""
    rm_score: float
    features: Mapping[str, float] = field(default_factory=dict)
    rank: str | None = None
    """The rank that the answers lead to at the threshold of one half."""


class RewardFunction:
    """
    R = R_rm + the sum of weight times feature, for one rule set and its weights.

    Pure: it asks no grader.
    """

    def __init__(self, judge: Judge, weights: Weights) -> None:
        """
        Bind weights to a rule set.

        Raises UsageError where the weights belong to other rules, or name a class or feature that
        the rules do not have.
        """
        weights.check(judge.ruleset)
        self.judge = judge
        self.weights = weights
        self._features: dict[str, FeatureSet] = {}
        for name, each in weights.classes.items():
            if name not in judge.ruleset.response_classes:
                raise UsageError(f"the weights name the response class '{name}', unknown here")
            self._features[name] = FeatureSet(judge, name, tuple(each))

    @property
    def response_classes(self) -> tuple[str, ...]:
        """The response classes that it has weights for."""
        return tuple(self._features)

    def resolve(self, spelling: str) -> str:
        """
        Return the response class with this name or alias.

        Raises UsageError for an unknown one, and for one that the weights do not cover.
        """
        ruleset = self.judge.ruleset
        name = ruleset.resolve_response_class(spelling)
        if name is None:
            hint = hint_for(spelling, ruleset.response_classes)
            raise UsageError(f"there is no response class '{spelling[:80]}'; {hint}")
        self.weights.of_class(name)
        return name

    def propositions(self, response_class: str) -> tuple[str, ...]:
        """Return the propositions whose answers the reward of a class needs."""
        return self._features[response_class].propositions

    def reward(
        self, response_class: str, probabilities: Mapping[str, float], rm_score: float = 0.0
    ) -> Reward | None:
        """Return the reward, or None if an answer that it needs is unknown."""
        features = self._features[response_class]
        values = features.values(probabilities)
        if values is None:
            return None
        weights = self.weights.classes[response_class]
        rules = sum(weight * value for weight, value in zip(weights.values(), values, strict=True))
        named = dict(zip(features.names, values, strict=True))
        assignment = {name: value >= ANSWER_THRESHOLD for name, value in probabilities.items()}
        rank = self.judge.verdict(response_class, assignment).rank
        return Reward(rm_score + rules, rules, rm_score, named, rank)


def total_of(reward: Reward | None) -> float | None:
    """Return the total of a reward, or None if the completion has no reward."""
    return None if reward is None else reward.total


def total_or(reward: Reward | None, on_ungraded: float | None) -> float:
    """
    Return the total of a reward, for trainers that need a number for each completion.

    ``on_ungraded`` is the number that the user chose for completions that could not be graded.
    Raises GraderError if there is no reward and no such number: a failure never becomes a score by
    itself.
    """
    if reward is not None:
        return reward.total
    if on_ungraded is None:
        raise GraderError(
            "a completion could not be graded, and this trainer needs a number for each: give one "
            "as on_ungraded to go on regardless"
        )
    return on_ungraded
