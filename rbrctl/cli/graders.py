"""The grader that a command asks, from ``--grader`` and the options of the endpoint."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.graders.interface import GraderNote, OpenedGrader, OpenGrader, OpenRequest
from rbrctl.graders.registry import DEFAULT_KIND, find_kind, kinds_help
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet

ENDPOINT = "endpoint"

GraderOption = Annotated[
    str | None,
    typer.Option(
        "--grader",
        metavar="GRADER",
        help=f"The grader: {kinds_help()}.  [default: {DEFAULT_KIND}]",
    ),
]


def choose_grader(
    grader: str | None, endpoint: EndpointOptions, ruleset: RuleSet, output: Output
) -> OpenGrader:
    """
    Return how the grader that the options name is opened.

    An opened grader is named on stderr. Raises UsageError for an unknown kind, and for options of
    an endpoint where none is asked (variables and files may set those for other commands); opening
    raises what the grader does.
    """
    name, _, argument = (grader or (ENDPOINT if endpoint.named else DEFAULT_KIND)).partition(":")
    try:
        kind = find_kind(name)
        kind.check(argument)
    except UsageError as error:
        raise UsageError(f"--grader {grader}: {error}") from None
    if endpoint.named and not kind.asks_endpoint:
        raise UsageError(f"--grader {grader} asks no endpoint, so --model cannot be used with it")
    if endpoint.typed and not endpoint.named and not kind.asks_endpoint:
        raise UsageError(
            f"{endpoint.typed[0]} is for an endpoint; name its model with --model NAME"
        )

    async def open_grader(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
        request = OpenRequest(
            ruleset,
            argument,
            sample=sample,
            offline=offline,
            on_problem=lambda problem: output.warn(f"a line was left out: {problem}"),
        )
        if kind.asks_endpoint:
            from rbrctl.cli.endpoint import open_cache, settings_of

            settings = settings_of(endpoint, output)
            cache = open_cache(endpoint.cache, output)
            request = replace(request, settings=settings, cache=cache)
        opened = await kind.open(request)
        _name_grader(opened, grader, request, output)
        return opened

    return open_grader


def _name_grader(
    opened: OpenedGrader, named: str | None, request: OpenRequest, output: Output
) -> None:
    """Print on stderr which grader answers, if the command line does not name it."""
    if request.settings is None:
        if named is None:
            output.info("grader: embedded (an offline baseline; --model NAME asks a model instead)")
        return
    where = f"{request.settings.model} at {request.settings.where}"
    output.info(f"grader: {where}, mode {opened.grader.identity.mode}")
    if opened.endpoint is not None and opened.endpoint.unsure:
        output.warn(
            f"{where} answered neither of two easy questions with yes or no, so most answers may "
            "fail; see 'rbrctl grader probe'"
        )


def tell_note(output: Output, note: GraderNote) -> None:
    """Write a grader's note on a run to stderr; a warning is also written with ``--quiet``."""
    (output.warn if note.is_warning else output.info)(note.text)


def without_classifier(open_grader: OpenGrader) -> OpenGrader:
    """Return the same grader, but one that infers no response classes."""

    async def open_without(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
        return replace(await open_grader(sample, offline), classifier=None)

    return open_without
