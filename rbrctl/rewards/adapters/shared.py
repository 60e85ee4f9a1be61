"""One reward for each process, for tools that name a function and call it with texts."""

import os
import threading
from collections.abc import Mapping
from functools import lru_cache

from rbrctl.errors import UsageError
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.registry import GraderChoice
from rbrctl.rewards.jobs import Reasoning
from rbrctl.rewards.reward import RuleReward

ENDPOINT = "endpoint:"

_loading = threading.Lock()


def shared_reward(
    rules: str, weights: str, grader: str, reasoning: str = Reasoning.DROP
) -> RuleReward:
    """
    Load a reward, once in each process for the same settings.

    ``grader`` is ``embedded``, ``embedded:MODEL_FILE`` or ``endpoint:MODEL``, whose address is in
    the variable ``RBRCTL_BASE_URL`` or ``OPENAI_BASE_URL`` and whose key, if any, in
    ``OPENAI_API_KEY``. ``reasoning`` is as RuleReward has it. Raises as ``RuleReward.load`` does.
    """
    with _loading:
        return _load(os.getpid(), rules, weights, grader, reasoning)


@lru_cache(maxsize=8)
def _load(process: int, rules: str, weights: str, grader: str, reasoning: str) -> RuleReward:
    named = grader_named(grader, os.environ)
    return RuleReward.load(rules, weights=weights, grader=named, reasoning=reasoning)


def grader_named(name: str, environment: Mapping[str, str]) -> GraderChoice:
    """Read a grader's name. Raises UsageError for an endpoint without an address."""
    if not name.startswith(ENDPOINT):
        return name
    base_url = environment.get("RBRCTL_BASE_URL") or environment.get("OPENAI_BASE_URL") or ""
    if not base_url.strip():
        raise UsageError(
            f"{name}: which endpoint? Put its address, up to and with /v1, into OPENAI_BASE_URL "
            "(OpenAI's own is https://api.openai.com/v1); none is taken for granted"
        )
    key = Secret(environment.get("OPENAI_API_KEY", ""))
    return EndpointSettings(base_url, name.removeprefix(ENDPOINT), key if key else None)
