"""What requests say: bodies read as the untrusted input that they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rbrctl.errors import RecordError
from rbrctl.records.json_lines import parse_object
from rbrctl.records.problems import kind_of
from rbrctl.rewards.adapters.openrlhf import jobs_of
from rbrctl.rewards.jobs import Job, JobMaker
from rbrctl.rewards.pairs.candidates import RM_SCORE, read_rm_score
from rbrctl.suggestions import did_you_mean

ONE_KEYS = ("prompt", "completion", "response_class", RM_SCORE, "details")
MANY_KEYS = ("prompts", "completions", "response_classes", "rm_scores", "details")
REMOTE_KEYS = ("query", "prompts", "labels")


@dataclass(frozen=True, slots=True)
class RewardRequest:
    """The completions of a request to ``/reward``."""

    jobs: list[Job]
    details: bool
    """Whether the reply should say what each reward is made of."""
    single: bool


def read_reward_request(body: bytes, make_job: JobMaker, limit: int) -> RewardRequest:
    """
    Read a request for one completion or for many.

    Raises RecordError for what is malformed, and UsageError for an unknown response class.
    """
    row = parse_object(body)
    single = not any(key in row for key in MANY_KEYS if key not in ONE_KEYS)
    _check_keys(row, ONE_KEYS if single else MANY_KEYS)
    details = row.get("details", False)
    if not isinstance(details, bool):
        raise RecordError(f"details must be true or false, not {kind_of(details)}")
    if single:
        for key in ("prompt", "completion"):
            if key not in row:
                raise RecordError(f'no "{key}"')
        return RewardRequest([_job(make_job, row)], details, True)
    return RewardRequest([_job(make_job, each) for each in _rows(row, limit)], details, False)


def read_remote_request(body: bytes, make_job: JobMaker, limit: int) -> list[Job]:
    """
    Read a request of OpenRLHF's contract.

    Raises RecordError for what is malformed, and UsageError for an unknown response class.
    """
    row = parse_object(body)
    _check_keys(row, REMOTE_KEYS)
    queries = row.get("query")
    if isinstance(queries, list):
        _check_length(len(queries), limit)
    return jobs_of(make_job, queries, row.get("prompts"), row.get("labels"))


def _check_keys(row: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in row:
        if key not in known:
            hint = did_you_mean(key, known) or f"the keys are {', '.join(known)}"
            raise RecordError(f"unknown key '{key[:60]}'; {hint}")


def _check_length(count: int, limit: int) -> None:
    if count > limit:
        raise RecordError(f"{count:,} completions in one request: at most {limit:,} are taken")


def _rows(row: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    prompts, completions = _list(row, "prompts"), _list(row, "completions")
    _check_length(len(completions), limit)
    classes = row.get("response_classes")
    if classes is None or isinstance(classes, str):
        classes = [classes] * len(completions)
    scores = row.get("rm_scores")
    if scores is None:
        scores = [None] * len(completions)
    if not isinstance(classes, list) or not isinstance(scores, list):
        raise RecordError("response_classes and rm_scores must be lists")
    if not len(prompts) == len(completions) == len(classes) == len(scores):
        raise RecordError(
            f"{len(prompts)} prompts, {len(completions)} completions, {len(classes)} response "
            f"classes and {len(scores)} scores do not belong together"
        )
    return [
        {"prompt": prompt, "completion": completion, "response_class": name, RM_SCORE: score}
        for prompt, completion, name, score in zip(
            prompts, completions, classes, scores, strict=True
        )
    ]


def _list(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    if not isinstance(value, list):
        raise RecordError(f"{key} must be a list" if key in row else f'no "{key}"')
    return value


def _job(make_job: JobMaker, row: Mapping[str, Any]) -> Job:
    name = row.get("response_class")
    if name is not None and not isinstance(name, str):
        raise RecordError(f"a response class must be a text, not {kind_of(name)}")
    return make_job(row["prompt"], row["completion"], name, read_rm_score(row))
