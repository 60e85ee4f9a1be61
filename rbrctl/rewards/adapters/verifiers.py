"""
verifiers before 0.4: a function of a rubric; rows carry ``info: {"response_class": ...}``.

    reward = RuleReward.load("rules/", weights="weights.yaml")
    rubric = Rubric(funcs=[rubric_function(reward)], weights=[1.0])

A rubric makes 0.0 of every exception, which would be a score. So what could not be graded, and a
row that names no known class, is put into ``state["error"]``, as verifiers does with a rollout that
failed, and its reward is NaN, which nobody can take for one. ``on_ungraded`` is a number for what
could not be graded, to go on regardless.

From 0.4 on a reward is a method of a task, and what it raises fails the rollout: there, await
``reward.score([prompt], [trace.last_reply], response_class)`` and raise where it gives None.
"""

from collections.abc import Callable, Coroutine, Mapping, MutableMapping
from typing import Any

from rbrctl.errors import RbrctlError
from rbrctl.rewards.function import total_or
from rbrctl.rewards.jobs import Conversation
from rbrctl.rewards.reward import RuleReward

TEXT = "text"
"""The role of what a base model reads and writes, of which verifiers makes messages too."""


def rubric_function(
    reward: RuleReward, name: str = "rule_reward", on_ungraded: float | None = None
) -> Callable[..., Coroutine[Any, Any, float]]:
    """
    Make ``func(prompt, completion, answer, state, task, info, **kwargs) -> float``.

    The response class is ``info["response_class"]``, that of ``info["category"]``, else
    the one that ``reward`` was loaded with.
    Without a ``state`` to put an error into, it is raised.
    """

    async def function(
        prompt: object,
        completion: object,
        answer: object = None,
        state: MutableMapping[str, Any] | None = None,
        task: object = None,
        info: Mapping[str, Any] | None = None,
        **others: Any,
    ) -> float:
        try:
            info = info or {}
            job = reward.job(
                _conversation(prompt, "user"),
                _conversation(completion, "assistant"),
                info.get("response_class"),
                category=info.get("category"),
            )
            (scored,) = await reward.rewards([job])
            return total_or(scored, on_ungraded)
        except RbrctlError as error:
            if state is None:
                raise
            if state.get("error") is None:
                state["error"] = error
            return float("nan")

    function.__name__ = name
    return function


def _conversation(value: object, text_role: str) -> Conversation:
    """Read a text or messages, be they dictionaries or verifiers' own objects."""
    if not isinstance(value, list | tuple):
        return value  # type: ignore[return-value]  # what is no conversation is refused further on
    messages = [_plain(message) for message in value]
    return [
        {**message, "role": text_role} if message.get("role") == TEXT else message
        for message in messages
    ]


def _plain(message: Any) -> dict[str, Any]:
    if isinstance(message, Mapping):
        return dict(message)
    return dict(message.model_dump()) if hasattr(message, "model_dump") else {}
