"""From the options of an endpoint to its settings and the cache of its answers."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.errors import NothingMatchedError, UsageError

if TYPE_CHECKING:
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.http.address import Address
    from rbrctl.graders.endpoint.http.secrets import Secret
    from rbrctl.graders.endpoint.settings import EndpointSettings

DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"
NO_CACHE = "none"
CACHE_FILE = "answers.sqlite"


def settings_of(options: EndpointOptions, output: Output) -> "EndpointSettings":
    """
    Return the settings of the endpoint; the key and the proxy come from the run's environment.

    Raises UsageError for options that are missing or contradict each other.
    """
    from rbrctl.graders.endpoint.client import RetryPolicy
    from rbrctl.graders.endpoint.environment import certificates_for, key_in, proxy_for
    from rbrctl.graders.endpoint.http.address import parse_address
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.graders.endpoint.usage import Budget, Prices

    if options.model is None:
        raise UsageError("no model is named; name the model of the endpoint with --model NAME")
    if options.base_url is None:
        raise UsageError(
            "no endpoint is named; name it with --base-url URL or OPENAI_BASE_URL (that of OpenAI "
            "is https://api.openai.com/v1)"
        )
    address = parse_address(options.base_url)
    environment = output.environment
    settings = EndpointSettings(
        base_url=address.url,
        model=options.model,
        key=key_in(options.api_key_env, "--api-key-env", environment, DEFAULT_KEY_VARIABLE),
        headers=_headers(options, environment),
        proxy=proxy_for(address, options.proxy, environment),
        certificates=certificates_for(address, environment),
        mode=options.mode,
        concurrency=options.concurrency,
        timeout=options.timeout,
        retry=RetryPolicy(retries=options.retries),
        requests_per_minute=options.rpm,
        tokens_per_minute=options.tpm,
        temperature=options.temperature,
        seed=options.grader_seed,
        max_tokens=options.max_tokens,
        extra_body=extra_body_of(options.extra_body, "--extra-body"),
        votes=options.votes,
        pack=options.pack,
        repeat=options.repeat,
        layout=options.layout,
        prices=Prices(options.price_in, options.price_out),
        budget=Budget(options.max_calls, options.max_cost),
    )
    keep_secret(settings, address, output)
    return settings


def keep_secret(settings: "EndpointSettings", address: "Address", output: Output) -> None:
    """Hide the secrets of an endpoint in all output; warn once if they are sent unencrypted."""
    secrets = [each.reveal() for each in settings.secrets]
    output.hide(*secrets)
    if secrets and not address.secure and not address.local:
        output.warn_once(
            f"a key is sent unencrypted to {address}, where others can read it on the way; "
            "use https"
        )


def open_cache(name: str | None, output: Output) -> "AnswerCache":
    """Open the cache that ``--cache`` names; ``none`` stays in memory. Raises FileError."""
    from rbrctl.graders.cache import AnswerCache

    return AnswerCache(None if name == NO_CACHE else cache_path(name, output.environment))


def cache_path(name: str | None, environment: Mapping[str, str]) -> Path:
    """Return the path of the cache: the one named, else one in the user's cache folder."""
    if name is not None:
        return Path(name)
    base = environment.get("XDG_CACHE_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~/.cache"))
    return folder / "rbrctl" / CACHE_FILE


def existing_cache(name: str | None, environment: Mapping[str, str]) -> Path:
    """Return the path of the cache. Raises NothingMatchedError if there is none yet."""
    path = cache_path(name, environment)
    if not path.exists():
        raise NothingMatchedError(f"{path}: there is no cache of answers yet")
    return path


def _headers(options: EndpointOptions, environment: Mapping[str, str]) -> dict[str, "Secret"]:
    from rbrctl.graders.endpoint.environment import header_name_in
    from rbrctl.graders.endpoint.http.secrets import Secret

    headers: dict[str, Secret] = {}
    for text in options.header or ():
        name, separator, variable = text.partition("=")
        if not separator or not name.strip() or variable.strip() not in environment:
            shown = f"--header {header_name_in(text)}".rstrip()
            raise UsageError(
                f"{shown}: write NAME=VARIABLE, with the name of an environment variable that is "
                "set; the value itself must not be on a command line"
            )
        headers[name.strip()] = Secret(environment[variable.strip()])
    return headers


def extra_body_of(text: str | None, option: str) -> dict[str, Any]:
    """Return the JSON object that an option holds. Raises UsageError for anything else."""
    from rbrctl.graders.endpoint.http.json_body import decode_object

    if text is None:
        return {}
    try:
        return decode_object(text.encode("utf-8", "replace"))
    except ValueError as error:
        raise UsageError(f"{option} must be a JSON object: {error}") from None
