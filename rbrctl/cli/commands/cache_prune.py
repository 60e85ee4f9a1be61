"""``rbrctl cache prune``: delete answers from the cache."""

import time
from typing import Annotated

import typer

from rbrctl.cli.commands.cache_info import CacheFileOption
from rbrctl.cli.endpoint import existing_cache
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.errors import UsageError
from rbrctl.wording import counted

SECONDS_A_DAY = 86_400


def command(
    context: typer.Context,
    cache: CacheFileOption = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", min=0.0, metavar="DAYS", help="Delete answers older than DAYS days."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Delete only the answers of this model."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Delete all answers, and the results of probes.")
    ] = False,
) -> ExitCode:
    """
    Delete answers from the cache, by age, by model, or all of them.

    The next run asks deleted answers again.
    """
    from rbrctl.graders.cache import AnswerCache

    output = output_of(context)
    if everything == (older_than is not None or model is not None):
        raise UsageError(
            "say what to delete: --older-than DAYS, --model NAME or both, or else --all alone"
        )
    path = existing_cache(cache, output.environment)
    opened = AnswerCache(path)
    try:
        before = None if older_than is None else int(time.time() - older_than * SECONDS_A_DAY)
        count = opened.prune(before=before, model=model)
    finally:
        opened.close()
    output.report(f"{counted(count, 'answer')} deleted from {path}")
    return ExitCode.YES
