"""The model that writes completions, where it is not the one that grades them."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint import extra_body_of, keep_secret, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings

WriterOption = Annotated[
    str | None,
    typer.Option(
        "--writer",
        metavar="NAME",
        help="The model that writes; --model then grades, as elsewhere.  [default: --model "
        "writes, and grades only with --grader endpoint]",
    ),
]
WriterUrlOption = Annotated[
    str | None,
    typer.Option(
        "--writer-url", metavar="URL", help="Where --writer is.  [default: at --base-url]"
    ),
]
WriterKeyOption = Annotated[
    str | None,
    typer.Option(
        "--writer-key-env", metavar="NAME", help="The variable with the key for --writer-url."
    ),
]
WriterTokensOption = Annotated[
    int | None,
    typer.Option(
        "--writer-tokens",
        min=1,
        metavar="N",
        help="Most tokens of a completion by --writer.  [default: 1024]",
    ),
]
WriterTemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--writer-temperature", min=0.0, max=2.0, metavar="T", help="Of --writer.  [default: 1]"
    ),
]
WriterBodyOption = Annotated[
    str | None,
    typer.Option(
        "--writer-extra-body", metavar="JSON", help="Further keys of every request to --writer."
    ),
]
WriterPriceInOption = Annotated[
    float | None,
    typer.Option("--writer-price-in", metavar="USD", help="For 1,000,000 tokens sent to --writer."),
]
WriterPriceOutOption = Annotated[
    float | None,
    typer.Option("--writer-price-out", metavar="USD", help="For 1,000,000 tokens it sends back."),
]


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """What the command line says of the model that writes."""

    name: str | None
    url: str | None = None
    key_env: str | None = None
    tokens: int | None = None
    temperature: float | None = None
    extra_body: str | None = None
    price_in: float | None = None
    price_out: float | None = None

    def settings(self, endpoint: EndpointOptions, output: Output) -> "EndpointSettings":
        """Put the writer's settings together. Raises UsageError."""
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
                    raise UsageError(f"{option} says something of a writer: name it with --writer")
            settings = settings_of(endpoint, output)
        # With a seed every try would write the same.
        return replace(settings, seed=None)

    def _own(self, endpoint: EndpointOptions, output: Output) -> "EndpointSettings":
        """
        Take from the endpoint's options what is of the way there, and the limits.

        How it is asked (temperature, tokens, prices) is the grader's there, and has options of its
        own here.
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
        # A key goes where its own option says, and nowhere else.
        key = key_in(self.key_env, "--writer-key-env", output.environment)
        settings = replace(settings, key=key)
        keep_secret(settings, parse_address(settings.base_url), output)
        return settings
