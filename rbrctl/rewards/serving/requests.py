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
from rbrctl.wording import did_you_mean

ONE_KEYS = ("prompt", "completion", "response_class", "category", RM_SCORE, "details")
MANY_KEYS = ("prompts", "completions", "response_classes", "categories", "rm_scores", "details")
REMOTE_KEYS = ("query", "prompts", "labels")


@dataclass(frozen=True, slots=True)
class RewardRequest:
    """The completions of a request to ``/reward``."""

    jobs: list[Job]
    details: bool
    """True if the reply should say what each reward is made of."""
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
    columns = {"prompt": prompts, "completion": completions}
    for key, name in (("response_classes", "response_class"), ("categories", "category")):
        columns[name] = _column(row, key, len(completions), one_for_all=True)
    columns[RM_SCORE] = _column(row, "rm_scores", len(completions))
    if len({len(values) for values in columns.values()}) > 1:
        counts = ", ".join(f"{len(values)} of {name}" for name, values in columns.items())
        raise RecordError(f"the lists do not belong together: {counts}")
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _column(row: Mapping[str, Any], key: str, count: int, one_for_all: bool = False) -> list[Any]:
    """Return the list of that key; None for each completion where the request has none."""
    value = row.get(key)
    if value is None or (one_for_all and isinstance(value, str)):
        return [value] * count
    return _list(row, key)


def _list(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    if not isinstance(value, list):
        raise RecordError(f"{key} must be a list" if key in row else f'no "{key}"')
    return value


def _job(make_job: JobMaker, row: Mapping[str, Any]) -> Job:
    name, category = row.get("response_class"), row.get("category")
    for what, value in (("response class", name), ("category", category)):
        if value is not None and not isinstance(value, str):
            raise RecordError(f"a {what} must be a text, not {kind_of(value)}")
    return make_job(row["prompt"], row["completion"], name, read_rm_score(row), category)
