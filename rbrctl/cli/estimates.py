"""``--dry-run``: what a run would ask, told without asking anything."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from rbrctl.cli.exit_codes import ExitCode, worst_exit_code
from rbrctl.cli.files import report_problems
from rbrctl.cli.formats import write_report
from rbrctl.cli.output import Output
from rbrctl.cli.scores import require_some
from rbrctl.graders.endpoint.estimate import Estimate
from rbrctl.grading.plan import Ask
from rbrctl.grading.run import RunSettings, open_run
from rbrctl.records.models import Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.reports.outcome import CheckReport
from rbrctl.reports.tables import Column, Table
from rbrctl.wording import counted


def report_estimate(
    output: Output,
    settings: RunSettings,
    transcripts: Iterable[Transcript],
    problems: ProblemLog,
    source: str,
    format_: str,
) -> ExitCode:
    """Report calls, tokens, cache hits and price of a run that is not made."""
    estimate, cost = asyncio.run(_estimate(settings, transcripts))
    require_some(estimate.transcripts, problems, "transcripts", source)
    counts = {
        "transcripts": estimate.transcripts,
        "answers": estimate.answers,
        "cache_hits": estimate.cache_hits,
        "calls": estimate.calls,
        "input_tokens": estimate.input_tokens,
        "output_tokens": estimate.output_tokens,
        "cost": cost,
    }
    notes = ["Tokens are estimated from the bytes of the requests."]
    if settings.options.ask is Ask.LAZY:
        notes.append("Lazy asking needs fewer calls than these, which ask what could be needed.")
    if cost is None and estimate.calls:
        notes.append("No price: give --price-in and --price-out, in USD for 1,000,000 tokens.")
    columns = [Column("what", "what"), Column("count", "count", numeric=True, decimals=4)]
    rows = [[name.replace("_", " "), value] for name, value in counts.items()]
    table = Table("estimate", "What this run would take", columns, rows, notes)
    verdict = f"{counted(estimate.calls, 'call')} for {counted(estimate.transcripts, 'transcript')}"
    report = CheckReport("estimate", 1, True, verdict, [table], details=counts)
    write_report(output, report, format_)
    return worst_exit_code(report_problems(output, problems, "estimate"))


async def _estimate(
    settings: RunSettings, transcripts: Iterable[Transcript]
) -> tuple[Estimate, float | None]:
    if settings.options.ask is Ask.LAZY:
        settings = settings.replace_ask(Ask.NEEDED)
    total = Estimate()
    async with open_run(replace(settings, offline=True), transcripts) as run:
        endpoint = run.opened.endpoint
        for transcript in run.transcripts:
            names = run.engine.questions(run.engine.ungraded(transcript))
            if endpoint is None:
                total += Estimate(transcripts=1, answers=len(names))
            else:
                total += endpoint.estimate(transcript, names)
        return total, total.cost(endpoint.usage.prices) if endpoint else 0.0
