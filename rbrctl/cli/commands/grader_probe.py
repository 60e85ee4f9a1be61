"""``rbrctl grader probe``: find out how an endpoint can be asked."""

import asyncio
from typing import TYPE_CHECKING

import typer

from rbrctl.cli.endpoint import open_cache, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption, write_report
from rbrctl.cli.options import output_of
from rbrctl.reports.interface import TEXT

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.probe import ProbeReport
    from rbrctl.graders.endpoint.settings import EndpointSettings


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """
    Ask an endpoint easy questions in each mode, and show which modes work and why.

    The exit code is 1 if the model answers neither of two easy questions with yes or no.

    The result is remembered in the cache of answers: later runs ask in the mode that was found,
    until a new probe replaces it.
    """
    from rbrctl.graders.endpoint.opening import remember_probe
    from rbrctl.reports.graders import probe_report

    output = output_of(context)
    settings = settings_of(endpoint, output)
    cache = open_cache(endpoint.cache, output)
    try:
        report = asyncio.run(_probe(settings))
        remember_probe(settings, report, cache)
    finally:
        cache.close()
    write_report(output, probe_report(report), format_)
    found = report.capabilities
    where = f"{settings.where}, model {settings.model}"
    if found.unsure:
        output.info(f"{where}: it answers neither yes nor no; 'grade' would use mode {found.mode}")
        return ExitCode.NO
    output.info(f"{where}: mode {found.mode}")
    return ExitCode.YES


async def _probe(settings: "EndpointSettings") -> "ProbeReport":
    from rbrctl.graders.endpoint.opening import open_client
    from rbrctl.graders.endpoint.probe import probe

    client = open_client(settings)
    try:
        return await probe(settings, client)
    finally:
        await client.close()
