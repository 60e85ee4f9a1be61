"""``rbrctl batch collect``: fetch the answers of batches that have ended, into the cache."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.commands.batch_read import report_reading
from rbrctl.cli.endpoint import open_cache
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.options import output_of

if TYPE_CHECKING:
    from rbrctl.cli.output import Output
    from rbrctl.graders.batches.reading import BatchFileCounts
    from rbrctl.graders.cache import AnswerCache


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILES", help="Batch files that 'batch submit' has submitted."),
    ],
) -> ExitCode:
    """
    Fetch the answers of batches that have ended, and store them in the cache.

    The server's output and error files are kept beside each batch file, as FILE.output.jsonl and
    FILE.errors.jsonl. The exit code is 4 while a batch is still running or if answers failed.
    """
    output = output_of(context)
    cache = open_cache(endpoint.cache, output)
    try:
        work = _collect([Path(file) for file in files], endpoint, cache, output)
        reading, running = asyncio.run(work)
    finally:
        cache.close()
    code = report_reading(output, reading)
    return worst_exit_code(code, ExitCode.INCOMPLETE) if running else code


async def _collect(
    files: list[Path], endpoint: EndpointOptions, cache: "AnswerCache", output: "Output"
) -> "tuple[BatchFileCounts, int]":
    """Return what the files held, and how many batches are still running."""
    from rbrctl.cli.batches import batch_service
    from rbrctl.graders.batches.reading import BatchFileCounts, read_batch_file
    from rbrctl.graders.batches.service import fetch_batch

    total, running = BatchFileCounts(), 0
    async with batch_service(endpoint, output) as service:
        for file in files:
            batch, fetched = await fetch_batch(service, file)
            for error in batch.errors:
                output.warn(f"{file}: {error}")
            if not batch.ended:
                running += 1
                done = f"{batch.completed:,} of {batch.total:,}"
                output.info(f"{file}: {batch.status}, {done} questions done; try again later")
            for path in fetched:
                total.add(await read_batch_file(path, cache))
    return total, running
