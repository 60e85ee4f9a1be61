"""The options of every command that asks an endpoint, as one value."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from rbrctl.graders.modes import Mode

PANEL = "Endpoint options"
_Result = TypeVar("_Result")


def _option(*names: str, help: str, **settings: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=PANEL, **settings)


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The endpoint that the command line, the environment and the user's files describe."""

    model: Annotated[
        str | None,
        _option("--model", metavar="NAME", help="Name of the grader's model at the endpoint."),
    ] = None
    base_url: Annotated[
        str | None,
        _option(
            "--base-url",
            metavar="URL",
            envvar=["RBRCTL_BASE_URL", "OPENAI_BASE_URL"],
            help="URL of the endpoint, including /v1; OPENAI_BASE_URL also sets it.",
        ),
    ] = None
    api_key_env: Annotated[
        str | None,
        _option(
            "--api-key-env",
            metavar="NAME",
            help="Environment variable that holds the API key.  [default: OPENAI_API_KEY]",
        ),
    ] = None
    header: Annotated[
        list[str] | None,
        _option(
            "--header",
            metavar="NAME=VARIABLE",
            help="Send this header with the value of an environment variable; may be given several "
            "times.",
        ),
    ] = None
    proxy: Annotated[
        str | None,
        _option(
            "--proxy",
            metavar="URL|none",
            help="Proxy to use.  [default: that of HTTPS_PROXY and similar variables]",
        ),
    ] = None
    mode: Annotated[Mode, _option("--mode", help="How to ask propositions; auto finds out.")] = (
        Mode.AUTO
    )
    concurrency: Annotated[
        int,
        _option(
            "--concurrency",
            min=1,
            max=4096,
            metavar="N",
            help="Maximum number of calls at the same time.",
        ),
    ] = 64
    timeout: Annotated[
        float,
        _option(
            "--timeout",
            metavar="SECONDS",
            help="Seconds to wait for one call before it counts as failed.",
        ),
    ] = 120.0
    retries: Annotated[
        int,
        _option(
            "--retries",
            min=0,
            max=100,
            metavar="N",
            help="Number of times to repeat a failed call.",
        ),
    ] = 5
    rpm: Annotated[
        float | None, _option("--rpm", metavar="N", help="Maximum number of calls per minute.")
    ] = None
    tpm: Annotated[
        float | None, _option("--tpm", metavar="N", help="Maximum number of tokens per minute.")
    ] = None
    temperature: Annotated[
        float | None,
        _option(
            "--temperature",
            min=0.0,
            max=2.0,
            metavar="T",
            help="Sampling temperature.  [default: 0; 1 with --mode votes]",
        ),
    ] = None
    grader_seed: Annotated[
        int | None, _option("--grader-seed", metavar="S", help="Seed that is sent to the model.")
    ] = None
    max_tokens: Annotated[
        int | None,
        _option(
            "--max-tokens",
            min=1,
            metavar="N",
            help="Maximum number of tokens of a reply.  [default: a few; no limit if the model "
            "reasons]",
        ),
    ] = None
    extra_body: Annotated[
        str | None,
        _option(
            "--extra-body",
            metavar="JSON",
            help='Further keys of every chat request, such as \'{"reasoning_effort": "low"}\'.',
        ),
    ] = None
    votes: Annotated[
        int,
        _option(
            "--votes",
            min=1,
            max=4096,
            metavar="K",
            help="Number of samples per answer with --mode votes.",
        ),
    ] = 5
    pack: Annotated[
        int,
        _option(
            "--pack",
            min=1,
            max=4096,
            metavar="N",
            help="Number of propositions per call with --mode schema.",
        ),
    ] = 1
    repeat: Annotated[
        int,
        _option(
            "--repeat",
            min=1,
            max=4096,
            metavar="K",
            help="Ask each question K times and report how often the answers differ.",
        ),
    ] = 1
    layout: Annotated[
        str,
        _option(
            "--layout",
            metavar="LAYOUT",
            help="Order of the prompt: question-first, conversation-first, or auto, which chooses "
            "the order that servers can cache best.",
        ),
    ] = "auto"
    price_in: Annotated[
        float | None, _option("--price-in", metavar="USD", help="Price of 1,000,000 input tokens.")
    ] = None
    price_out: Annotated[
        float | None,
        _option("--price-out", metavar="USD", help="Price of 1,000,000 output tokens."),
    ] = None
    max_cost: Annotated[
        float | None,
        _option("--max-cost", metavar="USD", help="Stop before the cost exceeds this."),
    ] = None
    max_calls: Annotated[
        int | None, _option("--max-calls", min=0, metavar="N", help="Stop after N calls.")
    ] = None
    cache: Annotated[
        str | None,
        _option(
            "--cache",
            metavar="FILE|none",
            help="File of the cached answers; none keeps them in memory.  [default: a file in your "
            "cache folder]",
        ),
    ] = None

    typed: tuple[str, ...] = ()
    """The options that were typed on the command line; this field is not an option itself."""

    @property
    def named(self) -> bool:
        """True if a model was named, so that an endpoint is asked."""
        return self.model is not None


def with_endpoint(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """
    Add the options of an endpoint to a command, which gets them as its parameter ``endpoint``.

    Help pages show them after the options of the command, in a panel of their own.
    """
    own = inspect.signature(command, eval_str=True)
    hints = get_type_hints(EndpointOptions, include_extras=True)
    defaults = {field.name: field.default for field in fields(EndpointOptions)}
    del defaults["typed"]
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[name]
        )
        for name, default in defaults.items()
    ]

    @wraps(command)
    def wrapped(context: typer.Context, **values: Any) -> _Result:
        chosen = {name: values.pop(name) for name in defaults}
        endpoint = EndpointOptions(**chosen, typed=_typed(context, defaults))
        return command(context, endpoint=endpoint, **values)

    kept = [p for p in own.parameters.values() if p.name != "endpoint"]
    signature = own.replace(parameters=[*kept, *options])
    wrapped.__signature__ = signature  # type: ignore[attr-defined]  # what inspect looks for
    wrapped.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return wrapped


def _typed(context: typer.Context, names: Iterable[str]) -> tuple[str, ...]:
    """Return the long names of the options that were typed, not set elsewhere."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return tuple(
        f"--{name.replace('_', '-')}"
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    )
