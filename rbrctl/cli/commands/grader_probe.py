"""``rbrctl grader probe``: what an endpoint can do with a model, and how it would be asked."""

import asyncio
from typing import TYPE_CHECKING

import typer

from rbrctl.cli.endpoint import open_cache, settings_of
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption
from rbrctl.cli.options import output_of
from rbrctl.reports.interface import TEXT

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.probe import ProbeReport
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.reports.tables import Table

REPORT_VERSION = 1


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """
    Ask an endpoint easy questions in each mode, and tell what was found and why.

    Exit 1 where the model answers neither of two with yes or no.

    What is found is remembered in the cache of answers: grading asks in the same way from then
    on, and a new probe replaces it.
    """
    from rbrctl.cli.formats import report_tables

    output = output_of(context)
    settings = settings_of(endpoint, output)
    cache = open_cache(endpoint.cache, output)
    try:
        report = asyncio.run(_probe(settings))
        from rbrctl.graders.endpoint.opening import remember_probe

        remember_probe(settings, report, cache)
    finally:
        cache.close()
    found = report.capabilities
    body = {"mode": found.mode.value, "capabilities": found.to_json(), "calls": report.calls}
    report_tables(
        output, [_table(report)], format_, name="probe", version=REPORT_VERSION, body=body
    )
    where = f"{settings.where}, model {settings.model}"
    if found.unsure:
        output.info(f"{where}: answers neither yes nor no; grade would ask in mode {found.mode}")
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


def _table(report: "ProbeReport") -> "Table":
    from rbrctl.reports.tables import Column, Table, Wrap

    columns = (
        Column("mode", "mode"),
        Column("works", "works"),
        Column("seen", "what was seen", wrap=Wrap.WORDS),
    )
    rows = [(step.mode.value, step.works, step.detail) for step in report.steps]
    return Table("steps", "What was tried", columns, rows)
