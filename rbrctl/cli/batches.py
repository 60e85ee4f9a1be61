"""The part of an endpoint that the ``rbrctl batch`` commands talk to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from rbrctl.cli.endpoint import settings_of
from rbrctl.cli.endpoint_options import EndpointOptions
from rbrctl.cli.output import Output
from rbrctl.graders.batches.service import BatchService
from rbrctl.graders.endpoint.http.address import parse_address
from rbrctl.graders.endpoint.opening import open_transport

TRANSFER_SECONDS = 600.0
"""Seconds to wait for the upload or download of a file, which may have 200 MB."""
MAX_REPLY_BYTES = 1 << 30
ANY_MODEL = "(in the files)"


@asynccontextmanager
async def batch_service(options: EndpointOptions, output: Output) -> AsyncIterator[BatchService]:
    """Open the batch service of an endpoint. The batch files name the model."""
    settings = settings_of(replace(options, model=options.model or ANY_MODEL), output)
    settings = replace(settings, max_reply_bytes=MAX_REPLY_BYTES)
    transport = open_transport(settings, parse_address(settings.base_url))
    seconds = max(settings.timeout, TRANSFER_SECONDS)
    try:
        yield BatchService(transport, settings.where, seconds, settings.secrets)
    finally:
        await transport.close()
