"""``rbrctl cache prune``: delete answers from the cache."""

import time
from typing import Annotated

import typer

from rbrctl.cli.commands.cache_info import CacheFileOption
from rbrctl.cli.endpoint import cache_path
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.wording import counted

SECONDS_A_DAY = 86_400


def command(
    context: typer.Context,
    cache: CacheFileOption = None,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", min=0.0, metavar="DAYS", help="Only answers that old."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Only answers of this model.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All answers, and what probes have found.")
    ] = False,
) -> ExitCode:
    """Delete answers, by age, by model or all of them; what is deleted will be asked again."""
    from rbrctl.graders.cache import AnswerCache

    output = output_of(context)
    if everything == (older_than is not None or model is not None):
        raise UsageError("what is to go? Give --older-than DAYS, --model NAME or both, or --all")
    path = cache_path(cache, output.environment)
    if not path.exists():
        raise NothingMatchedError(f"{path}: there is no cache of answers yet")
    opened = AnswerCache(path)
    try:
        before = None if older_than is None else int(time.time() - older_than * SECONDS_A_DAY)
        count = opened.prune(before=before, model=model)
    finally:
        opened.close()
    output.report(f"{counted(count, 'answer')} deleted from {path}")
    return ExitCode.YES
