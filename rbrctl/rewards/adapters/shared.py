"""One reward for each process, for tools that name a function and pass it texts only."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from rbrctl.errors import RbrctlError, UsageError
from rbrctl.graders.endpoint.environment import certificates_for, proxy_for
from rbrctl.graders.endpoint.http.address import parse_address
from rbrctl.graders.endpoint.http.secrets import Secret
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.registry import GraderChoice
from rbrctl.rewards.jobs import Reasoning
from rbrctl.rewards.reward import RuleReward
from rbrctl.scrubbing import Scrubber, without_credentials

ENDPOINT = "endpoint:"

_loading = threading.Lock()


def shared_reward(
    rules: str, weights: str, grader: str, reasoning: str = Reasoning.DROP
) -> RuleReward:
    """
    Load a reward, once in each process for the same settings.

    ``grader`` is ``embedded``, ``embedded:MODEL_FILE`` or ``endpoint:MODEL``. The endpoint's
    address is read from the variable ``RBRCTL_BASE_URL`` or ``OPENAI_BASE_URL``, and its key, if it
    needs one, from ``OPENAI_API_KEY``. Proxies and certificates come from the same variables as for
    the command line (``HTTPS_PROXY``, ``SSL_CERT_FILE`` and so on). ``reasoning`` is as for
    RuleReward. Raises as ``RuleReward.load`` does.
    """
    with _loading, _scrubbed_errors(os.environ):
        return _load(os.getpid(), rules, weights, grader, reasoning)


@lru_cache(maxsize=8)
def _load(process: int, rules: str, weights: str, grader: str, reasoning: str) -> RuleReward:
    named = grader_named(grader, os.environ)
    return RuleReward.load(rules, weights=weights, grader=named, reasoning=reasoning)


def grader_named(name: str, environment: Mapping[str, str]) -> GraderChoice:
    """Return the grader that a name means. Raise UsageError for an endpoint without an address."""
    if not name.startswith(ENDPOINT):
        return name
    base_url = environment.get("RBRCTL_BASE_URL") or environment.get("OPENAI_BASE_URL") or ""
    if not base_url.strip():
        raise UsageError(
            f"{name}: which endpoint? Put its address, up to and with /v1, into OPENAI_BASE_URL "
            "(OpenAI's own is https://api.openai.com/v1); none is taken for granted"
        )
    key = Secret(environment.get("OPENAI_API_KEY", ""))
    address = parse_address(base_url.strip(), "OPENAI_BASE_URL")
    return EndpointSettings(
        address.url,
        name.removeprefix(ENDPOINT),
        key if key else None,
        proxy=proxy_for(address, None, environment),
        certificates=certificates_for(address, environment),
    )


@contextmanager
def _scrubbed_errors(environment: Mapping[str, str]) -> Iterator[None]:
    """Raise errors again without the key, in case an error quotes what a server has sent."""
    try:
        yield
    except RbrctlError as error:
        told = without_credentials(
            Scrubber([environment.get("OPENAI_API_KEY", "")]).text(str(error))
        )
        if told == str(error):
            raise
        raise type(error)(told) from None
