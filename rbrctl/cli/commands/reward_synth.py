"""``rbrctl reward synth``: completions of each rank, written by a model that the user names."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption, report_tables
from rbrctl.cli.graders import GraderOption
from rbrctl.cli.inputs import STANDARD_INPUT, data_source, report_problems
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.products import check_products
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.scores import first_problem
from rbrctl.cli.synthesis_plan import complete_plan, parse_counts, parse_descriptions
from rbrctl.cli.writer import (
    WriterBodyOption,
    WriterKeyOption,
    WriterOption,
    WriterOptions,
    WriterPriceInOption,
    WriterPriceOutOption,
    WriterTemperatureOption,
    WriterTokensOption,
    WriterUrlOption,
)
from rbrctl.errors import NothingMatchedError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.reports.interface import TEXT
from rbrctl.rewards.synthesis.job import SynthesisWork
from rbrctl.rewards.synthesis.models import synthesis_models
from rbrctl.ruleset.verdict import Judge

if TYPE_CHECKING:
    from rbrctl.records.models import Transcript
    from rbrctl.rewards.synthesis.run import Summary

REPORT_VERSION = 1
SHOWN = 5


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    prompts: Annotated[
        str,
        typer.Argument(
            metavar="PROMPTS",
            help="Rows with prompt (or messages) and response_class (or a category of the "
            "policy), or -.",
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where completions are kept; every try is kept beside them, in FILE.tries.jsonl.",
        ),
    ],
    rules: RulesOption = None,
    grader: GraderOption = None,
    writer: WriterOption = None,
    writer_url: WriterUrlOption = None,
    writer_key_env: WriterKeyOption = None,
    writer_tokens: WriterTokensOption = None,
    writer_temperature: WriterTemperatureOption = None,
    writer_extra_body: WriterBodyOption = None,
    writer_price_in: WriterPriceInOption = None,
    writer_price_out: WriterPriceOutOption = None,
    plan: Annotated[
        list[str] | None,
        typer.Option(
            "--plan",
            metavar="CLASS=RANK:N,...",
            help="What is written for a class, or CLASS=none; bad is any rank below the best "
            "(any_bad where a rank is called bad).  [default: one ideal and two bad; for comply "
            "one of each rank]",
        ),
    ] = None,
    describe: Annotated[
        list[str] | None,
        typer.Option(
            "--describe",
            metavar="RANK=TEXT",
            help="What a completion of a rank is; one that only critical rules lead to is only "
            "written to such a text.",
        ),
    ] = None,
    attempts: Annotated[
        int,
        typer.Option(
            "--attempts", min=1, max=100, metavar="N", help="Most tries of each, over all runs."
        ),
    ] = 4,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Begin anew with those that all tries have missed."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin the files anew, what was paid for included.")
    ] = False,
    results: Annotated[
        str | None,
        typer.Option("--results", metavar="FILE", help="Keep the graded results, as grade does."),
    ] = None,
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
    format_: TableFormatOption = TEXT,
) -> ExitCode:
    """
    Have a model write completions of each rank, to fit a reward on.

    Each is graded, and written anew until the rules say that it breaks what was asked and keeps the
    rest, or reported as failed. What it will take is said first; a run that was stopped goes on
    where it was, and nothing that came is paid for twice. The limits (--max-calls, --max-cost) hold
    for the model that writes and the one that grades together, --rpm and --tpm for each.
    """
    from rbrctl.rewards.synthesis.assignment import assignments
    from rbrctl.rewards.synthesis.attempts import SUFFIX
    from rbrctl.rewards.synthesis.prompts import read_prompts
    from rbrctl.rewards.synthesis.store import CompletionStore
    from rbrctl.rewards.synthesis.targets import Targets

    output = output_of(context)
    check_products(
        {"-o": out, "-o's tries, in": out + SUFFIX, "--results": results, "--sft": sft},
        {"the prompts": prompts},
    )
    ruleset = load_rules(rules, output)
    judge = Judge(ruleset)
    targets = Targets(judge)
    counts, descriptions = parse_counts(ruleset, plan or ()), parse_descriptions(describe or ())
    chosen = WriterOptions(
        *(writer, writer_url, writer_key_env, writer_tokens, writer_temperature),
        *(writer_extra_body, writer_price_in, writer_price_out),
    )
    models = synthesis_models(ruleset, chosen, grader, endpoint, output)
    problems = ProblemLog()
    name = "<stdin>" if prompts == STANDARD_INPUT else prompts
    handler = raise_problem if strict else problems
    rows = read_prompts(data_source(prompts), ruleset, handler, name)
    code = report_problems(output, problems, "prompts")
    classes = dict.fromkeys(row.response_class or "" for row in rows)
    wanted = complete_plan(targets, counts, descriptions, classes)
    drawn = assignments(rows, targets, wanted, seed)
    if not drawn:
        why = "the plan leaves out all of its classes" if rows else "no prompts in it"
        raise NothingMatchedError(f"{name}: {why}{first_problem(problems)}")
    with CompletionStore(out, ruleset, write=not dry_run, overwrite=overwrite) as store:
        store.check(drawn)
        work = SynthesisWork(judge, models, store, drawn, attempts, retry_failed)
        forecast = asyncio.run(work.forecast())
        forecast.say(output)
        forecast.hold_against(models.writer.budget, output)
        if dry_run:
            forecast.report(output, format_, {"bad_lines": problems.count})
            return code
        output.resume_hint = "run the same command again to go on from here"
        summary, usages = asyncio.run(work.run(output, results, overwrite))
        kept = [store.kept[each.id] for each in drawn if each.id in store.kept]
    if sft is not None:
        _write_sft(output, sft, kept, ruleset.ranks[0])
    body = {"bad_lines": problems.count, "usage": usages}
    _report(output, summary, kept, ruleset.ranks, format_, body)
    left = len(drawn) - len(kept)
    return ExitCode.INCOMPLETE if left or problems.count else ExitCode.YES


def _write_sft(output: Output, path: str, kept: "Sequence[Transcript]", best: str) -> None:
    from rbrctl.records.json_lines import write_json_lines
    from rbrctl.rewards.exporting import ExportForm, Ranked, export_rows
    from rbrctl.rewards.synthesis.store import COMPLETION_TYPE

    ranked = [Ranked(each, 0) for each in kept if each.extra.get(COMPLETION_TYPE) == best]
    count = write_json_lines(path, export_rows(ranked, ExportForm.SFT))
    output.talk(f"{count:,} conversations for fine-tuning written to {path}")


def _report(
    output: Output,
    summary: "Summary",
    kept: "Sequence[Transcript]",
    ranks: Sequence[str],
    format_: str,
    body: dict[str, object],
) -> None:
    from rbrctl.reports.tables import Column, Table
    from rbrctl.rewards.synthesis.store import COMPLETION_TYPE

    columns = [
        Column("rank", "rank"),
        Column("written", "written", numeric=True),
        Column("failed", "failed", numeric=True),
    ]
    rows = [
        (
            rank,
            sum(each.extra.get(COMPLETION_TYPE) == rank for each in kept),
            sum(each.rank == rank for each in summary.failed),
        )
        for rank in ranks
    ]
    whole = {
        "wanted": summary.wanted,
        "kept": len(kept),
        "tries": summary.tries,
        "stopped": summary.stopped or None,
        "failures": [
            {"id": each.id, "rank": each.rank, "tries": each.tries, "reason": each.reason}
            for each in summary.failed
        ],
        **body,
    }
    table = Table("ranks", "Completions", columns, rows)
    report_tables(output, [table], format_, name="reward-synth", version=REPORT_VERSION, body=whole)
    for each in summary.failed[:SHOWN]:
        output.warn(f"{each.id}: not reached: {each.reason}")
    if len(summary.failed) > SHOWN:
        output.warn(f"{len(summary.failed) - SHOWN:,} further completions were not reached")
    if summary.stopped:
        output.warn(summary.stopped)
