"""``rbrctl batch collect``: fetch what ended batches answered, and take it into the cache."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.batches import batch_service, require_state
from rbrctl.cli.commands.batch_read import report_reading
from rbrctl.cli.endpoint import open_cache
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.options import output_of

if TYPE_CHECKING:
    from rbrctl.cli.output import Output
    from rbrctl.graders.batches.reading import BatchFileCounts
    from rbrctl.graders.batches.service import Batch, BatchService
    from rbrctl.graders.cache import AnswerCache


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    files: Annotated[list[str], typer.Argument(metavar="FILES", help="Files that were submitted.")],
) -> ExitCode:
    """
    Fetch the output and error files of batches that have ended, and read them.

    They are kept beside each file, as FILE.output.jsonl and FILE.errors.jsonl. Exit 4 while a
    batch goes on, or where answers failed.
    """
    output = output_of(context)
    cache = open_cache(endpoint.cache, output)
    try:
        work = _collect([Path(file) for file in files], endpoint, cache, output)
        reading, waiting = asyncio.run(work)
    finally:
        cache.close()
    code = report_reading(output, reading)
    return gravest(code, ExitCode.INCOMPLETE) if waiting else code


async def _collect(
    files: list[Path], endpoint: EndpointOptions, cache: "AnswerCache", output: "Output"
) -> "tuple[BatchFileCounts, int]":
    from rbrctl.graders.batches.reading import BatchFileCounts, read_batch_file
    from rbrctl.graders.batches.service import write_state

    total, waiting = BatchFileCounts(), 0
    async with batch_service(endpoint, output) as service:
        for file in files:
            batch = await service.status(require_state(file))
            write_state(file, batch)
            for error in batch.errors:
                output.warn(f"{file}: {error}")
            if not batch.ended:
                waiting += 1
                done = f"{batch.completed:,} of {batch.total:,}"
                output.talk(f"{file}: {batch.status}, {done} done; try again later")
            for path in await _fetch(service, file, batch):
                total.add(await read_batch_file(path, cache))
    return total, waiting


async def _fetch(service: "BatchService", file: Path, batch: "Batch") -> list[Path]:
    fetched = []
    for name, kind in ((batch.output_file, "output"), (batch.error_file, "errors")):
        if batch.ended and name is not None:
            path = file.with_suffix(f".{kind}.jsonl")
            await service.fetch(name, path)
            fetched.append(path)
    return fetched
