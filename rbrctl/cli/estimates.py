"""``--dry-run``: what a run would ask, told without asking anything."""

import asyncio
import itertools
from collections.abc import Iterable

from rbrctl.cli.exit_codes import ExitCode, gravest
from rbrctl.cli.formats import write_report
from rbrctl.cli.grading import LAYOUT_SAMPLE, GradingJob
from rbrctl.cli.inputs import report_problems
from rbrctl.cli.readings import read_answers
from rbrctl.cli.scores import require_some
from rbrctl.counting import counted
from rbrctl.graders.asking import Ask
from rbrctl.graders.endpoint.estimate import Estimate
from rbrctl.graders.transcript_grader import TranscriptGrader
from rbrctl.records.models import Transcript
from rbrctl.records.problems import ProblemLog
from rbrctl.reports.outcome import CheckReport
from rbrctl.reports.tables import Column, Table
from rbrctl.ruleset.verdict import Judge


def report_estimate(
    job: GradingJob,
    transcripts: Iterable[Transcript],
    problems: ProblemLog,
    source: str,
    format_: str,
) -> ExitCode:
    """Report calls, tokens, cache hits and price of a run that is not made."""
    estimate, cost = asyncio.run(_estimate(job, transcripts))
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
    if job.ask is Ask.LAZY:
        notes.append("Lazy asking needs fewer calls than these, which ask what could be needed.")
    if cost is None and estimate.calls:
        notes.append("No price: give --price-in and --price-out, in USD for 1,000,000 tokens.")
    columns = [Column("what", "what"), Column("count", "count", numeric=True, decimals=4)]
    rows = [[name.replace("_", " "), value] for name, value in counts.items()]
    table = Table("estimate", "What this run would take", columns, rows, notes)
    verdict = f"{counted(estimate.calls, 'call')} for {counted(estimate.transcripts, 'transcript')}"
    report = CheckReport("estimate", 1, True, verdict, [table], details=counts)
    write_report(job.output, report, format_)
    return gravest(report_problems(job.output, problems, "estimate"))


async def _estimate(
    job: GradingJob, transcripts: Iterable[Transcript]
) -> tuple[Estimate, float | None]:
    stream = iter(transcripts)
    first = list(itertools.islice(stream, LAYOUT_SAMPLE))
    opened = await job.open_grader(first, True)
    grader, endpoint = opened.grader, opened.endpoint
    ask = job.ask or (Ask.ALL if grader.asks_together else Ask.NEEDED)
    asked = Ask.NEEDED if ask is Ask.LAZY else ask
    one = TranscriptGrader(Judge(job.ruleset), grader, asked, read_answers(job.calibration))
    total = Estimate()
    try:
        for transcript in itertools.chain(first, stream):
            names = one.asked(one.fresh(transcript))
            if endpoint is None:
                total += Estimate(transcripts=1, answers=len(names))
            else:
                total += endpoint.estimate(transcript, names)
        return total, total.cost(endpoint.usage.prices) if endpoint else 0.0
    finally:
        await grader.close()
