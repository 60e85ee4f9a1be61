"""Which grader a command asks, from ``--grader`` and the endpoint's options."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.errors import UsageError
from rbrctl.graders.classification import Classifier
from rbrctl.graders.interface import Grader
from rbrctl.records.models import Transcript
from rbrctl.ruleset.model import RuleSet
from rbrctl.wording import hint_for

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.grader import EndpointGrader

EMBEDDED, ENDPOINT, RECORDED = KINDS = ("embedded", "endpoint", "recorded")

GraderOption = Annotated[
    str | None,
    typer.Option(
        "--grader",
        metavar="GRADER",
        help="embedded (offline), embedded:MODEL_FILE, recorded:RESULTS, or endpoint, which "
        "--model names.  [default: embedded]",
    ),
]


@dataclass(frozen=True, slots=True)
class OpenedGrader:
    """An open grader, and who infers response classes, if anyone does."""

    grader: Grader
    classifier: Classifier | None = None
    endpoint: "EndpointGrader | None" = None
    """The grader itself where it is one over an endpoint, for estimates."""
    keeps_answers: bool = False
    """True where answers outlive the run in a cache."""


OpenGrader = Callable[[Sequence[Transcript], bool], Awaitable[OpenedGrader]]
"""
Opens the grader inside the event loop that it will live in.

Takes the first transcripts of the work at hand, and whether no call may be made.
"""


def choose_grader(
    grader: str | None, endpoint: EndpointOptions, ruleset: RuleSet, classify: bool, output: Output
) -> OpenGrader:
    """
    Choose the grader that is meant, and say on stderr which where none was named.

    Raises UsageError for an unknown kind, and for options of an endpoint where none is asked
    (variables and files may set those for other commands); opening raises what the grader does.
    """
    kind, _, argument = (grader or (ENDPOINT if endpoint.named else EMBEDDED)).partition(":")
    if kind not in KINDS:
        hint = hint_for(kind, KINDS)
        raise UsageError(f"--grader {grader}: there is no grader '{kind}'; {hint}")
    if endpoint.named and kind != ENDPOINT:
        raise UsageError(f"--grader {grader} asks no endpoint, so --model has no place")
    if endpoint.typed and not endpoint.named and kind != ENDPOINT:
        raise UsageError(f"{endpoint.typed[0]} needs --model NAME: without it no endpoint is asked")
    if kind == RECORDED and not argument:
        raise UsageError("--grader recorded: which results? Write recorded:RESULTS.jsonl")
    if kind == EMBEDDED and grader is None:
        output.talk("grader: embedded (an offline baseline; --model names a model to ask)")

    async def open_grader(sample: Sequence[Transcript], offline: bool) -> OpenedGrader:
        if kind == EMBEDDED:
            return OpenedGrader(_embedded(argument, ruleset))
        if kind == RECORDED:
            return OpenedGrader(_recorded(argument, output))
        from rbrctl.cli.endpoint import NO_CACHE, open_endpoint

        opened = await open_endpoint(endpoint, ruleset, output, sample=sample, offline=offline)
        classifier = opened if classify and ruleset.policy else None
        return OpenedGrader(opened, classifier, opened, endpoint.cache != NO_CACHE)

    return open_grader


def _embedded(model: str, ruleset: RuleSet) -> Grader:
    from rbrctl.graders.embedded import EmbeddedGrader, load_model

    return EmbeddedGrader(ruleset, load_model(Path(model) if model else None))


def _recorded(results: str, output: Output) -> Grader:
    from rbrctl.graders.recorded import RecordedGrader

    return RecordedGrader(Path(results), lambda problem: output.warn(f"left out: {problem}"))
