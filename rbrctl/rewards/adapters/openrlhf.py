"""
OpenRLHF: the contract of a remote reward, and the form of a local ``.py`` reward.

A request has ``query`` (prompt and response, decoded with special tokens), ``prompts`` and
``labels``. A label is a response class, a category of the policy, or a JSON object with
``response_class`` or ``category``, and with ``prompt`` (messages) if the prompt should be judged as
it was before a chat template.

Over HTTP: ``rbrctl reward serve --weights weights.yaml`` and, to the trainer,
``--reward.remote_url http://127.0.0.1:8765/get_reward`` (``--remote_rm_url`` in old releases) with
``--data.label_key response_class``. The trainer sends no header: where the server asks for a token,
put it into the address, ``http://reward:TOKEN@host:8765/get_reward``. As a local file, given in
place of the address::

    reward = RuleReward.load("rules/", weights="weights.yaml")
    reward_func = reward_function(reward)
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.thinking import opens_thinking
from rbrctl.rewards.adapters.chat_markup import prompt_messages, response_of
from rbrctl.rewards.function import Reward, total_or
from rbrctl.rewards.jobs import Job, JobMaker
from rbrctl.rewards.reward import RuleReward


def jobs_of(make_job: JobMaker, queries: object, prompts: object, labels: object) -> list[Job]:
    """
    Read the three lists of a request, and return a job for each completion.

    ``make_job`` is the ``job`` of a RuleReward.

    Raises RecordError for lists of different lengths, and what ``make_job`` raises.
    """
    rows = [_texts(queries, "query"), _texts(prompts, "prompts")]
    if labels is None:
        labels = [None] * len(rows[0])
    if not isinstance(labels, list | tuple):
        raise RecordError("labels must be a list")
    if not len(rows[0]) == len(rows[1]) == len(labels):
        raise RecordError(
            f"the lists must be of one length, but there are {len(rows[0])} queries, "
            f"{len(rows[1])} prompts and {len(labels)} labels"
        )
    return [_job(make_job, *row) for row in zip(*rows, labels, strict=True)]


def reply_to(rewards: Sequence[Reward | None], on_ungraded: float | None = None) -> dict[str, Any]:
    """
    Make the reply to a request.

    ``scores``, which the trainer's dynamic filtering looks at, are the rewards themselves. Raises
    GraderError for what could not be graded unless ``on_ungraded`` gives a number.
    """
    totals = [total_or(reward, on_ungraded) for reward in rewards]
    graded = [0.0 if reward is None else 1.0 for reward in rewards]
    return {"rewards": totals, "scores": totals, "extra_logs": {"graded": graded}}


def reward_function(
    reward: RuleReward, on_ungraded: float | None = None
) -> Callable[..., dict[str, Any]]:
    """
    Make ``reward_func(queries, prompts, labels, **kwargs)`` for a ``.py`` file of the user's.

    The trainer wants tensors, and gets them where torch is there.
    """

    def reward_func(
        queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any], **kwargs: Any
    ) -> dict[str, Any]:
        jobs = jobs_of(reward.job, list(queries), list(prompts), list(labels))
        return _with_tensors(reply_to(reward.rewards_now(jobs), on_ungraded))

    return reward_func


def _with_tensors(reply: dict[str, Any]) -> dict[str, Any]:
    try:
        import torch
    except ImportError:
        return reply
    logs = {name: torch.tensor(values) for name, values in reply["extra_logs"].items()}
    return {
        "rewards": torch.tensor(reply["rewards"]),
        "scores": torch.tensor(reply["scores"]),
        "extra_logs": logs,
    }


def _texts(value: object, name: str) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise RecordError(f"{name} must be a list of texts")
    return list(value)


def _job(make_job: JobMaker, query: str, prompt: str, label: object) -> Job:
    response = response_of(query, prompt)
    if response is None:
        raise RecordError("a query must start with its prompt, but one does not")
    if opens_thinking(prompt):
        response = f"<think>{response}"
    read = _read_label(label, make_job)
    return make_job(
        read.prompt or prompt_messages(prompt),
        response,
        read.response_class,
        category=read.category,
    )


@dataclass(frozen=True, slots=True)
class _Label:
    """What a label says of a completion."""

    response_class: str | None = None
    category: str | None = None
    prompt: Any = None
    """The prompt's messages as they were before a chat template."""


def _read_label(label: object, make_job: JobMaker) -> _Label:
    """Return what a label says. Raise RecordError if it is neither a text nor a JSON object."""
    if isinstance(label, str) and label.lstrip().startswith("{"):
        try:
            label = json.loads(label)
        except ValueError as error:
            raise RecordError("a label starts like JSON, but is not valid JSON") from error
    if isinstance(label, Mapping):
        texts = {key: label.get(key) for key in ("response_class", "category")}
        for key, value in texts.items():
            if value is not None and not isinstance(value, str):
                raise RecordError(f"{key} in a label must be a text")
        return _Label(texts["response_class"], texts["category"], label.get("prompt"))
    if label is None or isinstance(label, str):
        return _Label(*make_job.class_or_category(label or None))
    raise RecordError("a label must be a response class or a JSON object")
