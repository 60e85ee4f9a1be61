"""``rbrctl batch read``: store the answers of a batch in the cache."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.commands.cache_info import CacheFileOption
from rbrctl.cli.endpoint import open_cache
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.cli.output import Output
    from rbrctl.graders.batches.reading import BatchFileCounts
    from rbrctl.graders.cache import AnswerCache

SHOWN_FAILURES = 5


def command(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES", help="Output and error files of a batch server, in any order."
        ),
    ],
    cache: CacheFileOption = None,
) -> ExitCode:
    """
    Store the answers of batch output and error files in the cache of answers.

    Answers are matched to questions by their custom_id. Questions that failed are counted; the
    next 'batch write' asks them again. 'rbrctl grade', with the options that the batch was written
    with, then finds the answers in the cache.
    """
    output = output_of(context)
    opened = open_cache(cache, output)
    try:
        reading = asyncio.run(_read(files, opened))
    finally:
        opened.close()
    return report_reading(output, reading)


async def _read(files: list[str], cache: "AnswerCache") -> "BatchFileCounts":
    from rbrctl.graders.batches.reading import BatchFileCounts, read_batch_file

    total = BatchFileCounts()
    for file in files:
        total.add(await read_batch_file(Path(file), cache))
    return total


def report_reading(output: "Output", reading: "BatchFileCounts") -> ExitCode:
    """Report what the files of a batch held; the exit code is INCOMPLETE if anything failed."""
    output.report(f"{counted(reading.answers, 'answer')} stored in the cache")
    for message, count in reading.failures.most_common(SHOWN_FAILURES):
        output.warn(f"{counted(count, 'question')} failed: {message}")
    if reading.foreign:
        output.warn(
            f"{counted(reading.foreign, 'line answers', 'lines answer')} no question that "
            "this cache "
            "knows; read it with the --cache that the batch was written with"
        )
    if reading.broken:
        lines = counted(reading.broken, "line is not a batch line", "lines are not batch lines")
        output.warn(f"{lines}; the first: {reading.first_broken}")
    complete = not (reading.failures or reading.foreign or reading.broken)
    return ExitCode.YES if complete else ExitCode.INCOMPLETE
