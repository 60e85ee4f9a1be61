"""
verl: ``compute_score``, or ``compute_score_async`` for its asynchronous reward loop.

The prompt does not reach a reward function in verl: put it and the response class into the data's
``extra_info`` (keys ``prompt`` and ``response_class``). Rules, weights and grader come from
``custom_reward_function.reward_kwargs``::

    reward:
      custom_reward_function:
        path: pkg://rbrctl.rewards.adapters.verl
        name: compute_score
        reward_kwargs: {rules: rules/, weights: weights.yaml, grader: "endpoint:my-model"}

``grader`` is as ``rbrctl.rewards.adapters.shared`` has it. ``response_class`` among them is that of
rows that name none; ``reasoning: keep`` has a leading block of thinking judged too.
"""

from collections.abc import Mapping
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.rewards.adapters.shared import shared_reward
from rbrctl.rewards.function import Reward, total_or
from rbrctl.rewards.jobs import Job, Reasoning
from rbrctl.rewards.reward import RuleReward


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, Any] | None = None,
    *,
    weights: str,
    rules: str = "builtin:safety",
    grader: str = "embedded",
    response_class: str | None = None,
    reasoning: str = Reasoning.DROP,
    on_ungraded: float | None = None,
    **others: Any,
) -> dict[str, float]:
    """
    Score one response: ``score`` is the reward.

    Raises UsageError where ``extra_info`` lacks the prompt, or the response class where none is
    given as ``response_class`` either, and GraderError for what could not be graded unless
    ``on_ungraded`` gives a number.
    """
    reward = shared_reward(rules, weights, grader, reasoning)
    (scored,) = reward.rewards_now([_job(reward, solution_str, extra_info, response_class)])
    return _outcome(scored, on_ungraded)


async def compute_score_async(
    data_source: str,
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, Any] | None = None,
    *,
    weights: str,
    rules: str = "builtin:safety",
    grader: str = "embedded",
    response_class: str | None = None,
    reasoning: str = Reasoning.DROP,
    on_ungraded: float | None = None,
    **others: Any,
) -> dict[str, float]:
    """Score one response without holding up the event loop; else like ``compute_score``."""
    reward = shared_reward(rules, weights, grader, reasoning)
    (scored,) = await reward.rewards([_job(reward, solution_str, extra_info, response_class)])
    return _outcome(scored, on_ungraded)


def _job(
    reward: RuleReward,
    solution: str,
    extra_info: Mapping[str, Any] | None,
    response_class: str | None,
) -> Job:
    info: dict[str, Any] = {"response_class": response_class}
    info |= {key: value for key, value in (extra_info or {}).items() if value is not None}
    has_class = info.get("response_class") or info.get("category")
    missing = [
        key
        for key, value in (("prompt", info.get("prompt")), ("response_class", has_class))
        if value is None
    ]
    if missing:
        raise UsageError(
            f"extra_info has no {' and no '.join(missing)}: verl hands a reward function nothing "
            "else of the prompt, so put them there when the data is made"
        )
    prompt = info["prompt"]
    # Parquet brings lists back as arrays.
    prompt = prompt if isinstance(prompt, str) else [dict(message) for message in prompt]
    return reward.job(prompt, solution, info.get("response_class"), category=info.get("category"))


def _outcome(reward: Reward | None, on_ungraded: float | None) -> dict[str, float]:
    graded = 0.0 if reward is None else 1.0
    return {"score": total_or(reward, on_ungraded), "graded": graded}
