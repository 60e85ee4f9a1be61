"""What the commands that drive a server's batches share."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rbrctl.cli.endpoint import settings_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.errors import NothingMatchedError

if TYPE_CHECKING:
    from rbrctl.graders.batches.service import Batch, BatchService

REPORT_VERSION = 1
TRANSFER_SECONDS = 600.0
"""For one file up or down: they hold up to 200 MB."""
MAX_REPLY_BYTES = 1 << 30
ANY_MODEL = "(in the files)"


@asynccontextmanager
async def batch_service(options: EndpointOptions, output: Output) -> "AsyncIterator[BatchService]":
    """Open the batch part of the endpoint that is meant; the model is named in the files."""
    from dataclasses import replace

    from rbrctl.graders.batches.service import BatchService
    from rbrctl.graders.endpoint.http.address import parse_address
    from rbrctl.graders.endpoint.opening import open_transport

    settings = settings_of(replace(options, model=options.model or ANY_MODEL), output)
    settings = replace(settings, max_reply_bytes=MAX_REPLY_BYTES)
    transport = open_transport(settings, parse_address(settings.base_url))
    seconds = max(settings.timeout, TRANSFER_SECONDS)
    try:
        yield BatchService(transport, settings.where, seconds, settings.secrets)
    finally:
        await transport.close()


def require_state(file: Path) -> "Batch":
    """Give what is known of a submitted file. Raises NothingMatchedError where it was not."""
    from rbrctl.graders.batches.service import read_state

    known = read_state(file)
    if known is None:
        raise NothingMatchedError(f"{file}: not submitted yet; see rbrctl batch submit")
    return known


def report_batches(output: Output, batches: "Mapping[Path, Batch]", format_: str) -> None:
    """Report batches as a table."""
    from rbrctl.cli.formats import report_tables
    from rbrctl.reports.tables import Column, Table, Wrap

    columns = (
        Column("file", "file", wrap=Wrap.NAMES),
        Column("batch", "batch", wrap=Wrap.NAMES),
        Column("status", "status"),
        Column("completed", "done", numeric=True),
        Column("failed", "failed", numeric=True),
        Column("total", "of", numeric=True),
    )
    rows = [
        (str(file), batch.id, batch.status, batch.completed, batch.failed, batch.total)
        for file, batch in batches.items()
    ]
    notes = [f"{file}: {error}" for file, batch in batches.items() for error in batch.errors]
    table = Table("batches", "Batches", columns, rows, notes)
    report_tables(output, [table], format_, name="batches", version=REPORT_VERSION)
