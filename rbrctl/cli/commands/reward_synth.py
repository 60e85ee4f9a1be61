"""``rbrctl reward synth``: completions of each rank, written by a model that the user names."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint import open_cache
from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import report_tables
from rbrctl.cli.graders import GraderOption
from rbrctl.cli.options import TableFormat, TableFormatOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.rewards import OpenGrader, grader_opener
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.writer import (
    WriterKeyOption,
    WriterOption,
    WriterOptions,
    WriterTokensOption,
    WriterUrlOption,
)
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.ruleset.verdict import Judge

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings
    from rbrctl.records.models import Transcript
    from rbrctl.rewards.synthesis.run import Assignment, Summary
    from rbrctl.rewards.synthesis.store import CompletionStore
    from rbrctl.rewards.synthesis.targets import Plan

REPORT_VERSION = 1
SHOWN = 5


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    prompts: Annotated[
        str,
        typer.Argument(metavar="PROMPTS", help="Rows with prompt and response_class, or -."),
    ],
    out: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where completions are kept.")
    ],
    rules: RulesOption = None,
    grader: GraderOption = None,
    writer: WriterOption = None,
    writer_url: WriterUrlOption = None,
    writer_key_env: WriterKeyOption = None,
    writer_tokens: WriterTokensOption = None,
    plan: Annotated[
        list[str] | None,
        typer.Option(
            "--plan",
            metavar="CLASS=RANK:N,...",
            help="What is written for a class; bad is any rank between.  [default: one ideal and "
            "two bad; for comply one of each rank]",
        ),
    ] = None,
    describe: Annotated[
        list[str] | None,
        typer.Option(
            "--describe",
            metavar="RANK=TEXT",
            help="What a completion of a rank is; the worst rank is only written to one.",
        ),
    ] = None,
    attempts: Annotated[
        int, typer.Option("--attempts", min=1, max=100, metavar="N", help="Most tries of each.")
    ] = 4,
    sft: Annotated[
        str | None,
        typer.Option("--sft", metavar="FILE", help="Write the best ones as messages, too."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, and write nothing.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Of the rules to break.")] = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")
    ] = False,
    format_: TableFormatOption = TableFormat.TEXT,
) -> ExitCode:
    """
    Have a model write completions of each rank, to fit a reward on.

    Each is graded, and written anew until the rules say that it shows what was asked, or reported
    as failed. What it will take is said first; a run that was stopped goes on where it was.
    """
    from rbrctl.rewards.synthesis.prompts import read_prompts
    from rbrctl.rewards.synthesis.run import assignments
    from rbrctl.rewards.synthesis.store import CompletionStore
    from rbrctl.rewards.synthesis.targets import check_plan

    output = output_of(context)
    ruleset = load_rules(rules, output)
    judge = Judge(ruleset)
    wanted = _plan(judge, plan, describe)
    check_plan(judge, wanted)
    chosen = WriterOptions(writer, writer_url, writer_key_env, writer_tokens)
    settings = chosen.settings(endpoint, output)
    # Without --writer the endpoint's model writes, and grades only where that is asked for.
    grading = endpoint if writer or grader == "endpoint" else EndpointOptions()
    open_grader = grader_opener(grader, grading, ruleset, output)
    problems = ProblemLog()
    source, name = (sys.stdin.buffer, "<stdin>") if prompts == "-" else (prompts, prompts)
    rows = read_prompts(source, ruleset, raise_problem if strict else problems, name)
    for problem in problems.items[:SHOWN]:
        output.warn(str(problem))
    if not rows:
        raise NothingMatchedError(f"{name}: no prompts with a response class in it")
    store = CompletionStore(out)
    done = {each.id for each in store.kept}
    work = assignments(rows, judge, wanted, seed, done)
    _say_cost(output, settings, judge, work, len(done), attempts)
    if dry_run:
        return ExitCode.YES
    with store:
        output.resume_hint = "run the same command again to go on from here"
        summary = asyncio.run(
            _run(output, judge, settings, endpoint, open_grader, attempts, work, store)
        )
        if sft is not None:
            _write_sft(output, sft, store.kept, ruleset.ranks[0])
    _report(output, summary, judge, format_)
    return ExitCode.INCOMPLETE if summary.failed or problems.count else ExitCode.YES


def _plan(judge: Judge, plan: list[str] | None, describe: list[str] | None) -> "Plan":
    from rbrctl.rewards.synthesis.targets import Plan, default_counts

    descriptions: dict[str, str] = {}
    for text in describe or ():
        rank, separator, words = text.partition("=")
        if not separator or not words.strip():
            raise UsageError(f"--describe {text}: write RANK=TEXT")
        descriptions[rank.strip()] = words.strip()
    counts = {
        name: default_counts(judge, name, list(descriptions))
        for name in judge.ruleset.response_classes
    }
    for text in plan or ():
        name, _, entries = text.partition("=")
        counts[name.strip()] = _counts(text, entries)
    return Plan(counts, descriptions)


def _counts(text: str, entries: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries.split(","):
        rank, _, count = entry.partition(":")
        if not rank.strip() or not count.strip().isdigit() or not 0 < int(count) <= 1000:
            raise UsageError(f"--plan {text}: write CLASS=RANK:N,RANK:N")
        counts[rank.strip()] = int(count)
    return counts


def _say_cost(
    output: Output,
    settings: "EndpointSettings",
    judge: Judge,
    work: "Sequence[Assignment]",
    done: int,
    attempts: int,
) -> None:
    """Say what the run will take, by the bytes of its requests, before it starts."""
    from rbrctl.rewards.synthesis.instructions import writing_messages
    from rbrctl.rewards.synthesis.writer import DEFAULT_TOKENS

    size = sum(
        len(message["content"].encode())
        for each in work
        for message in writing_messages(
            judge.ruleset, each.response_class, each.prompt.prompt, each.target
        )
    )
    sent = size // 4
    most_back = len(work) * (settings.max_tokens or DEFAULT_TOKENS)
    price = settings.prices.cost(sent, most_back)
    money = "" if price is None else f", at most {price:.4f} for one try of each"
    kept = f"{done:,} are there already; " if done else ""
    output.talk(
        f"{kept}{len(work):,} completions to write, up to {attempts} tries each: {sent:,} tokens "
        f"sent and up to {most_back:,} back for one try of each{money}"
    )


async def _run(
    output: Output,
    judge: Judge,
    settings: "EndpointSettings",
    endpoint: EndpointOptions,
    open_grader: OpenGrader,
    attempts: int,
    work: "Sequence[Assignment]",
    store: "CompletionStore",
) -> "Summary":
    from rbrctl.graders.endpoint.opening import known_capabilities, open_client
    from rbrctl.rewards.synthesis.run import SynthesisRun
    from rbrctl.rewards.synthesis.writer import EndpointWriter

    client = open_client(settings)
    cache = open_cache(endpoint.cache, output)
    try:
        capabilities = await known_capabilities(settings, client, cache)
        writer = EndpointWriter(client, settings, capabilities)
        grader = await open_grader()
        run = SynthesisRun(judge, writer, grader, attempts, settings.concurrency)
        with Progress(output, "written", len(work)) as progress:

            def accept(transcript: "Transcript") -> None:
                store.append(transcript)
                store.kept.append(transcript)
                progress.advance()

            try:
                return await run.run(work, accept)
            finally:
                await grader.close()
                output.talk(client.usage.line())
    finally:
        cache.close()
        await client.close()


def _write_sft(output: Output, path: str, kept: "Sequence[Transcript]", best: str) -> None:
    from rbrctl.records.json_lines import write_json_lines
    from rbrctl.rewards.exporting import ExportForm, Ranked, export_rows
    from rbrctl.rewards.synthesis.run import COMPLETION_TYPE

    ranked = [Ranked(each, 0) for each in kept if each.extra.get(COMPLETION_TYPE) == best]
    count = write_json_lines(path, export_rows(ranked, ExportForm.SFT))
    output.talk(f"{count:,} conversations for fine-tuning written to {path}")


def _report(output: Output, summary: "Summary", judge: Judge, format_: TableFormat) -> None:
    from rbrctl.reports.tables import Column, Table

    columns = [
        Column("rank", "rank"),
        Column("written", "written", numeric=True),
        Column("failed", "failed", numeric=True),
    ]
    rows = [
        (rank, summary.written.get(rank, 0), sum(each.rank == rank for each in summary.failed))
        for rank in judge.ruleset.ranks
    ]
    table = Table("ranks", "Completions", columns, rows)
    body = {
        "wanted": summary.wanted,
        "attempts": summary.attempts,
        "failures": [
            {"id": each.id, "rank": each.rank, "reason": each.reason} for each in summary.failed
        ],
    }
    report_tables(output, [table], format_, name="reward-synth", version=REPORT_VERSION, body=body)
    for each in summary.failed[:SHOWN]:
        output.warn(f"{each.id}: not reached: {each.reason}")
    if len(summary.failed) > SHOWN:
        output.warn(f"{len(summary.failed) - SHOWN:,} further completions were not reached")
