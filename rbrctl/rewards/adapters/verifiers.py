"""
verifiers: a function of a rubric; rows carry ``info: {"response_class": ...}``.

    reward = RuleReward.load("rules/", weights="weights.yaml")
    rubric = Rubric(funcs=[rubric_function(reward)], weights=[1.0])
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rbrctl.rewards.adapters.ungraded import number_of
from rbrctl.rewards.jobs import Conversation
from rbrctl.rewards.reward import RuleReward


def rubric_function(
    reward: RuleReward, name: str = "rule_reward", on_ungraded: float | None = None
) -> Callable[..., Awaitable[float]]:
    """
    Make ``func(prompt, completion, answer, state, task, info, **kwargs) -> float``.

    The response class is ``info["response_class"]``, else the one that ``reward`` was loaded with.
    Raises GraderError for what could not be graded unless ``on_ungraded`` gives a number.
    """

    async def function(
        prompt: Conversation,
        completion: Conversation,
        answer: object = None,
        state: object = None,
        task: object = None,
        info: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> float:
        response_class = (info or {}).get("response_class")
        job = reward.job(prompt, completion, response_class)
        (scored,) = await reward.rewards([job])
        return number_of(scored, on_ungraded)

    function.__name__ = name
    return function
