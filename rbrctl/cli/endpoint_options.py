"""The options of every command that speaks to an endpoint, as one value."""

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
    """What the command line, the environment and the user's own files say of an endpoint."""

    model: Annotated[
        str | None, _option("--model", metavar="NAME", help="The grader's model, as served.")
    ] = None
    base_url: Annotated[
        str | None,
        _option(
            "--base-url",
            metavar="URL",
            envvar=["RBRCTL_BASE_URL", "OPENAI_BASE_URL"],
            help="The endpoint, up to and with /v1; also from OPENAI_BASE_URL.",
        ),
    ] = None
    api_key_env: Annotated[
        str | None,
        _option(
            "--api-key-env",
            metavar="NAME",
            help="The variable that holds the key.  [default: OPENAI_API_KEY]",
        ),
    ] = None
    header: Annotated[
        list[str] | None,
        _option(
            "--header",
            metavar="NAME=VARIABLE",
            help="Send a further header with a variable's value; may be given several times.",
        ),
    ] = None
    proxy: Annotated[
        str | None,
        _option(
            "--proxy",
            metavar="URL|none",
            help="Go through a proxy.  [default: what HTTPS_PROXY and the like say]",
        ),
    ] = None
    mode: Annotated[Mode, _option("--mode", help="How propositions are asked; auto finds out.")] = (
        Mode.AUTO
    )
    concurrency: Annotated[
        int, _option("--concurrency", min=1, max=4096, metavar="N", help="Most calls in flight.")
    ] = 64
    timeout: Annotated[float, _option("--timeout", metavar="SECONDS", help="For one call.")] = 120.0
    retries: Annotated[
        int, _option("--retries", min=0, max=100, metavar="N", help="Tries after the first.")
    ] = 5
    rpm: Annotated[float | None, _option("--rpm", metavar="N", help="Most calls a minute.")] = None
    tpm: Annotated[float | None, _option("--tpm", metavar="N", help="Most tokens a minute.")] = None
    temperature: Annotated[
        float | None,
        _option(
            "--temperature", min=0.0, max=2.0, metavar="T", help="[default: 0, and 1 for votes]"
        ),
    ] = None
    grader_seed: Annotated[
        int | None, _option("--grader-seed", metavar="S", help="The seed sent to the model.")
    ] = None
    max_tokens: Annotated[
        int | None,
        _option(
            "--max-tokens",
            min=1,
            metavar="N",
            help="Most tokens of a reply.  [default: a few; no cap where the model reasons]",
        ),
    ] = None
    extra_body: Annotated[
        str | None,
        _option(
            "--extra-body",
            metavar="JSON",
            help='Further keys of every chat request: \'{"reasoning_effort": "low"}\'.',
        ),
    ] = None
    votes: Annotated[
        int, _option("--votes", min=1, max=4096, metavar="K", help="Samples an answer, by votes.")
    ] = 5
    pack: Annotated[
        int,
        _option(
            "--pack", min=1, max=4096, metavar="N", help="Propositions a call, with --mode schema."
        ),
    ] = 1
    repeat: Annotated[
        int,
        _option("--repeat", min=1, max=4096, metavar="K", help="Ask K times; flips are counted."),
    ] = 1
    layout: Annotated[
        str,
        _option(
            "--layout",
            metavar="LAYOUT",
            help="question-first, conversation-first, or auto: what servers cache best.",
        ),
    ] = "auto"
    price_in: Annotated[
        float | None, _option("--price-in", metavar="USD", help="For 1,000,000 tokens sent.")
    ] = None
    price_out: Annotated[
        float | None, _option("--price-out", metavar="USD", help="For 1,000,000 tokens received.")
    ] = None
    max_cost: Annotated[
        float | None, _option("--max-cost", metavar="USD", help="Stop before it costs more.")
    ] = None
    max_calls: Annotated[
        int | None, _option("--max-calls", min=0, metavar="N", help="Stop after N calls.")
    ] = None
    cache: Annotated[
        str | None,
        _option(
            "--cache",
            metavar="FILE|none",
            help="Where answers are kept.  [default: in the user's cache folder]",
        ),
    ] = None

    typed: tuple[str, ...] = ()
    """Which of these options stood on the command line; not an option itself."""

    @property
    def named(self) -> bool:
        """True where an endpoint is meant: a model was named."""
        return self.model is not None


def with_endpoint(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """
    Give a command the endpoint's options, gathered into its parameter ``endpoint``.

    The command line sees them after the command's own, in a panel of their own.
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
    """Give the long names of the options that were typed, rather than set elsewhere."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return tuple(
        f"--{name.replace('_', '-')}"
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    )
