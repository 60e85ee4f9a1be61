"""From the options of an endpoint to its settings and the cache of its answers."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError

if TYPE_CHECKING:
    from rbrctl.graders.cache import AnswerCache
    from rbrctl.graders.endpoint.address import Address
    from rbrctl.graders.endpoint.secret import Secret
    from rbrctl.graders.endpoint.settings import EndpointSettings

DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"
NO_CACHE = "none"
CACHE_FILE = "answers.sqlite"


def settings_of(options: EndpointOptions, output: Output) -> "EndpointSettings":
    """
    Put settings together; the key and the proxies come from the run's environment.

    Raises UsageError for what is missing or cannot be meant.
    """
    from rbrctl.graders.endpoint.address import parse_address
    from rbrctl.graders.endpoint.client import RetryPolicy
    from rbrctl.graders.endpoint.network_environment import certificates_for, proxy_for
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.graders.endpoint.usage import Budget, Prices

    if options.model is None:
        raise UsageError("an endpoint needs the name of a model: --model NAME")
    if options.base_url is None:
        raise UsageError(
            "which endpoint? Name it with --base-url URL or OPENAI_BASE_URL (OpenAI's own is"
            " https://api.openai.com/v1); none is taken for granted"
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
    """Hide the secrets of an endpoint in all output; warn once if they travel unencrypted."""
    secrets = [each.reveal() for each in settings.secrets]
    output.hide(*secrets)
    if secrets and not address.secure and not address.local:
        output.warn_once(
            f"a key is sent unencrypted to {address}: anyone on the way can read it; use https"
        )


def open_cache(name: str | None, output: Output) -> "AnswerCache":
    """Open the cache that ``--cache`` means; ``none`` lives in memory. Raises FileError."""
    from rbrctl.graders.cache import AnswerCache

    return AnswerCache(None if name == NO_CACHE else cache_path(name, output.environment))


def cache_path(name: str | None, environment: Mapping[str, str]) -> Path:
    """Give the cache's file: the one named, else one in the user's cache folder."""
    if name is not None:
        return Path(name)
    base = environment.get("XDG_CACHE_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~/.cache"))
    return folder / "rbrctl" / CACHE_FILE


def key_in(
    variable: str | None, option: str, environment: Mapping[str, str], default: str = ""
) -> "Secret | None":
    """Read a key from the variable that an option names, else from the default one, if any."""
    from rbrctl.graders.endpoint.secret import Secret

    text = environment.get(variable or default, "")
    if text.strip():
        return Secret(text)
    if variable is not None:
        raise UsageError(f"{option} {variable}: the variable is not set or empty")
    return None


def _headers(options: EndpointOptions, environment: Mapping[str, str]) -> dict[str, "Secret"]:
    from rbrctl.graders.endpoint.secret import Secret

    headers: dict[str, Secret] = {}
    for text in options.header or ():
        name, separator, variable = text.partition("=")
        if not separator or not name.strip() or variable.strip() not in environment:
            raise UsageError(
                f"--header {name.strip() or text}: write NAME=VARIABLE with the name of a variable"
                " that is set; the value itself never stands on a command line"
            )
        headers[name.strip()] = Secret(environment[variable.strip()])
    return headers


def extra_body_of(text: str | None, option: str) -> dict[str, Any]:
    """Read the object that an option gives. Raises UsageError."""
    from rbrctl.graders.endpoint.json_replies import decode_object

    if text is None:
        return {}
    try:
        return decode_object(text.encode("utf-8", "replace"))
    except ValueError as error:
        raise UsageError(f"{option} must be a JSON object: {error}") from None
