"""``rbrctl batch status``: the state of submitted batches."""

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
        list[str],
        typer.Argument(metavar="FILES", help="Batch files that 'batch submit' has submitted."),
    ],
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """
    Show the state of submitted batches.

    The exit code is 4 while any of them is not completed.
    """
    from rbrctl.reports.graders import batches_report

    output = output_of(context)
    batches = asyncio.run(_status([Path(file) for file in files], endpoint, output))
    write_report(output, batches_report(batches), format_)
    done = all(batch.status == "completed" for batch in batches.values())
    return ExitCode.YES if done else ExitCode.INCOMPLETE


async def _status(
    files: list[Path], endpoint: EndpointOptions, output: "Output"
) -> "dict[Path, Batch]":
    from rbrctl.cli.batches import batch_service
    from rbrctl.graders.batches.service import require_state, write_state

    batches: dict[Path, Batch] = {}
    async with batch_service(endpoint, output) as service:
        for file in files:
            batches[file] = await service.status(require_state(file))
            write_state(file, batches[file])
    return batches
