"""``rbrctl batch submit``: hand batch files to a server that has batches."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption, write_report
from rbrctl.cli.options import output_of
from rbrctl.reports.interface import TEXT

if TYPE_CHECKING:
    from rbrctl.cli.output import Output
    from rbrctl.graders.batches.service import Batch


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="Batch files that 'batch write' wrote.")
    ],
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """
    Upload batch files to a server and start a batch for each file.

    The server's id of the batch is kept beside the file, as FILE.batch.json. A file that was
    submitted before is not submitted again.
    """
    from rbrctl.reports.graders import batches_report

    output = output_of(context)
    batches = asyncio.run(_submit([Path(file) for file in files], endpoint, output))
    write_report(output, batches_report(batches), format_)
    return ExitCode.YES


async def _submit(
    files: list[Path], endpoint: EndpointOptions, output: "Output"
) -> "dict[Path, Batch]":
    from rbrctl.cli.batches import batch_service
    from rbrctl.graders.batches.service import read_state, write_state

    batches: dict[Path, Batch] = {}
    async with batch_service(endpoint, output) as service:
        for file in files:
            known = read_state(file)
            if known is None:
                known = await service.submit(file)
                write_state(file, known)
            else:
                output.info(f"{file}: it was submitted before, as batch {known.id}")
            batches[file] = known
    return batches
