"""
TRL's GRPO trainer: reward functions of the shape ``f(prompts, completions, **columns)``.

    reward = RuleReward.load("rules/", weights="weights.yaml")
    GRPOTrainer(model, reward_funcs=[grpo_reward(reward)], train_dataset=data)

``data`` has a column ``response_class`` beside ``prompt``, or ``category``, from which the policy
of the rules gives the class.
For R = R_rm + rules give the reward model and this function to ``reward_funcs`` with
``reward_weights=[1, 1]`` and ``multi_objective_aggregation="sum_then_normalize"``.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.rewards.function import Reward, total_of
from rbrctl.rewards.jobs import Conversation, Job
from rbrctl.rewards.reward import RuleReward

COLUMN = "response_class"
CATEGORY = "category"
NAME = "rule_reward"


def grpo_reward(
    reward: RuleReward, column: str = COLUMN, name: str = NAME
) -> Callable[..., list[float | None]]:
    """
    Make a reward function for ``GRPOTrainer(reward_funcs=...)``.

    The response class comes from the dataset's ``column``; without one it is the one that
    ``reward`` was loaded with. Completions that could not be graded are None, which the trainer
    leaves out. ``name`` is what the trainer's logs call it.
    """

    def function(
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        completion_ids: object = None,
        **columns: Any,
    ) -> list[float | None]:
        rewards = reward.rewards_now(_jobs(reward, column, prompts, completions, columns))
        return _report(rewards, name, columns)

    function.__name__ = name
    return function


def async_grpo_reward(
    reward: RuleReward, column: str = COLUMN, name: str = NAME
) -> Callable[..., Coroutine[Any, Any, list[float | None]]]:
    """Make the same as a coroutine function, which the trainer runs beside its other rewards."""

    async def function(
        prompts: Sequence[Conversation],
        completions: Sequence[Conversation],
        completion_ids: object = None,
        **columns: Any,
    ) -> list[float | None]:
        rewards = await reward.rewards(_jobs(reward, column, prompts, completions, columns))
        return _report(rewards, name, columns)

    function.__name__ = name
    return function


def _jobs(
    reward: RuleReward,
    column: str,
    prompts: Sequence[Conversation],
    completions: Sequence[Conversation],
    columns: dict[str, Any],
) -> list[Job]:
    classes, categories = columns.get(column), columns.get(CATEGORY)
    if classes is None and categories is None and reward.job.response_class is None:
        raise UsageError(
            f"the dataset has no column '{column}': add one with the response class of each "
            f"prompt (or '{CATEGORY}' with its category in the policy), name another, or load the "
            "reward with a response class for all"
        )
    nothing = [None] * len(completions)
    rows = zip(prompts, completions, classes or nothing, categories or nothing, strict=True)
    return [
        reward.job(prompt, completion, response_class, category=category)
        for prompt, completion, response_class, category in rows
    ]


def _report(
    rewards: Sequence[Reward | None], name: str, columns: dict[str, Any]
) -> list[float | None]:
    """Hand the parts to the trainer's own logs, where it offers them."""
    log_metric, log_extra = columns.get("log_metric"), columns.get("log_extra")
    if callable(log_metric):
        missing = sum(each is None for each in rewards)
        log_metric(f"{name}/ungraded", missing / max(1, len(rewards)))
    if callable(log_extra):
        log_extra(f"{name}_rank", [(each and each.rank) or "" for each in rewards])
    return [total_of(each) for each in rewards]
