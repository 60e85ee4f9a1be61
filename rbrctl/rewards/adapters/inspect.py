"""
Inspect: a scorer of a task; needs inspect_ai beside this package.

    reward = RuleReward.load("rules/", weights="weights.yaml")
    Task(dataset=[Sample(input=..., metadata={"response_class": "comply"})], solver=generate(),
         scorer=rule_scorer(reward))
"""

from importlib import import_module
from typing import Any

from rbrctl.errors import require_extra
from rbrctl.rewards.reward import RuleReward


def rule_scorer(reward: RuleReward) -> Any:
    """
    Make a scorer whose value is the reward, with mean and standard error.

    The response class is the sample's ``metadata["response_class"]``, otherwise the one that the
    policy gives ``metadata["category"]``, otherwise the one that ``reward`` was loaded with. A
    completion that could not be graded has no score: the sample's value is NaN, and its explanation
    says so. Raises MissingExtraError without inspect_ai.
    """
    require_extra("inspect_ai", "reward", "the Inspect scorer")
    scoring = import_module("inspect_ai.scorer")

    def build() -> Any:
        async def score(state: Any, target: Any) -> Any:
            metadata = state.metadata or {}
            given = state.input
            prompt = given if isinstance(given, str) else [_message(each) for each in given]
            job = reward.job(
                prompt,
                state.output.completion,
                metadata.get("response_class"),
                category=metadata.get("category"),
            )
            (scored,) = await reward.rewards([job])
            if scored is None:
                return scoring.Score(value=float("nan"), explanation="could not be graded")
            return scoring.Score(value=scored.total, metadata={"features": dict(scored.features)})

        return score

    scorer = scoring.scorer(metrics=[scoring.mean(), scoring.stderr()], name="rule_reward")
    return scorer(build)()


def _message(message: Any) -> dict[str, str]:
    return {"role": message.role, "content": message.text}
