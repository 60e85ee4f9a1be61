"""The options of ``reward synth`` that name the model that writes, and what they mean."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rbrctl.cli.endpoint import extra_body_of, keep_secret, open_cache, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.graders import ENDPOINT, choose_grader
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.graders.registry import DEFAULT_KIND
from rbrctl.ruleset.model import RuleSet

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.rewards.synthesis.models import SynthesisModels

WriterOption = Annotated[
    str | None,
    typer.Option(
        "--writer",
        metavar="NAME",
        help="Name of the model that writes; --model then grades, as in other commands.  "
        "[default: --model writes, and grades only with --grader endpoint]",
    ),
]
WriterUrlOption = Annotated[
    str | None,
    typer.Option(
        "--writer-url",
        metavar="URL",
        help="URL of the endpoint of --writer.  [default: --base-url]",
    ),
]
WriterKeyOption = Annotated[
    str | None,
    typer.Option(
        "--writer-key-env",
        metavar="NAME",
        help="Environment variable that holds the API key for --writer-url.",
    ),
]
WriterTokensOption = Annotated[
    int | None,
    typer.Option(
        "--writer-tokens",
        min=1,
        metavar="N",
        help="Largest number of tokens of a completion by --writer.  [default: 1024]",
    ),
]
WriterTemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--writer-temperature",
        min=0.0,
        max=2.0,
        metavar="T",
        help="Sampling temperature of --writer.  [default: 1]",
    ),
]
WriterBodyOption = Annotated[
    str | None,
    typer.Option(
        "--writer-extra-body",
        metavar="JSON",
        help="JSON object with further keys of every request to --writer.",
    ),
]
WriterPriceInOption = Annotated[
    float | None,
    typer.Option(
        "--writer-price-in",
        metavar="USD",
        help="Price of 1,000,000 tokens sent to --writer.",
    ),
]
WriterPriceOutOption = Annotated[
    float | None,
    typer.Option(
        "--writer-price-out",
        metavar="USD",
        help="Price of 1,000,000 tokens that --writer sends back.",
    ),
]


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """The values of the options about the model that writes."""

    name: str | None
    url: str | None = None
    key_env: str | None = None
    tokens: int | None = None
    temperature: float | None = None
    extra_body: str | None = None
    price_in: float | None = None
    price_out: float | None = None

    def settings(self, endpoint: EndpointOptions, output: Output) -> "EndpointSettings":
        """Return the settings of the model that writes. Raise UsageError."""
        if self.name is not None:
            settings = self._own(endpoint, output)
        else:
            for option, value in (
                ("--writer-url", self.url),
                ("--writer-key-env", self.key_env),
                ("--writer-tokens", self.tokens),
                ("--writer-temperature", self.temperature),
                ("--writer-extra-body", self.extra_body),
                ("--writer-price-in", self.price_in),
                ("--writer-price-out", self.price_out),
            ):
                if value is not None:
                    raise UsageError(f"{option} applies to a writer: name it with --writer")
            settings = settings_of(endpoint, output)
        # With a seed, every attempt would write the same text.
        return replace(settings, seed=None)

    def _own(self, endpoint: EndpointOptions, output: Output) -> "EndpointSettings":
        """
        Return settings with the connection and the limits of the endpoint's options.

        Temperature, tokens and prices of those options are the grader's; the writer has its own.
        """
        from rbrctl.graders.endpoint.environment import key_in
        from rbrctl.graders.endpoint.http.address import parse_address

        if self.url is not None:
            parse_address(self.url, "--writer-url")
        if endpoint.max_cost is not None and self.price_in is None and self.price_out is None:
            raise UsageError(
                "--max-cost needs the price of --writer too: give --writer-price-in (and "
                "--writer-price-out)"
            )
        apart = self.url is not None or self.key_env is not None
        settings = settings_of(
            EndpointOptions(
                model=self.name,
                base_url=self.url or endpoint.base_url,
                api_key_env=None if apart else endpoint.api_key_env,
                header=None if apart else endpoint.header,
                proxy=endpoint.proxy,
                concurrency=endpoint.concurrency,
                timeout=endpoint.timeout,
                retries=endpoint.retries,
                rpm=endpoint.rpm,
                tpm=endpoint.tpm,
                temperature=self.temperature,
                max_tokens=self.tokens,
                price_in=self.price_in,
                price_out=self.price_out,
                max_cost=endpoint.max_cost,
                max_calls=endpoint.max_calls,
            ),
            output,
        )
        body = extra_body_of(self.extra_body, "--writer-extra-body")
        settings = replace(settings, extra_body=body)
        if not apart:
            return settings
        # A key is sent only to the address that its own option belongs to.
        key = key_in(self.key_env, "--writer-key-env", output.environment)
        settings = replace(settings, key=key)
        keep_secret(settings, parse_address(settings.base_url), output)
        return settings


def synthesis_models(
    ruleset: RuleSet,
    writer: WriterOptions,
    grader: str | None,
    endpoint: EndpointOptions,
    output: Output,
) -> "SynthesisModels":
    """
    Return the model that writes and the grader, as the options name them.

    Without --writer the endpoint's model writes, and grades only with --grader endpoint. Raises
    UsageError for options that contradict each other.
    """
    from rbrctl.rewards.synthesis.models import SynthesisModels

    kind = (grader or "").partition(":")[0]
    if kind == "recorded":
        raise UsageError(
            f"--grader {grader}: no recorded answer is about a completion that is yet to be written"
        )
    settings = writer.settings(endpoint, output)
    grades = kind == ENDPOINT or (grader is None and writer.name is not None and endpoint.named)
    if grader is None and not grades:
        output.info(f"grader: {DEFAULT_KIND} (an offline baseline; --grader endpoint asks --model)")
        grader = DEFAULT_KIND
    asked: Any = endpoint if grades or writer.name is not None else EndpointOptions()
    asked = replace(asked, typed=())  # They may be the writer's.
    return SynthesisModels(
        ruleset,
        settings,
        settings_of(endpoint, output) if grades else None,
        grades and writer.name is None,
        lambda: open_cache(endpoint.cache, output),
        choose_grader(grader, asked, ruleset, output),
    )
