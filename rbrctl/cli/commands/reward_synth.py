"""``rbrctl reward synth``: completions of each rank, written by a model that the user names."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import (
    STANDARD_INPUT,
    check_output_paths,
    data_source,
    first_problem,
    report_problems,
)
from rbrctl.cli.formats import TableFormatOption, report_tables
from rbrctl.cli.graders import GraderOption
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.synthesis_plan import parse_counts, parse_descriptions
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
    synthesis_models,
)
from rbrctl.errors import NothingMatchedError
from rbrctl.records.problems import ProblemLog, raise_problem
from rbrctl.reports.interface import TEXT
from rbrctl.ruleset.verdict import Judge

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.usage import Budget, Usage
    from rbrctl.records.models import Transcript
    from rbrctl.reports.tables import Table
    from rbrctl.rewards.synthesis.cost import Forecast
    from rbrctl.rewards.synthesis.run import Summary

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
            help="File to keep the completions in; every try is kept in FILE.tries.jsonl.",
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
            "--attempts",
            min=1,
            max=100,
            metavar="N",
            help="Largest number of tries of each, over all runs.",
        ),
    ] = 4,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="Start again with those that no try has reached.",
        ),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Start the files again; what was paid for is lost.",
        ),
    ] = False,
    results: Annotated[
        str | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="File to keep the graded results in, as grade does.",
        ),
    ] = None,
    sft: Annotated[
        str | None,
        typer.Option(
            "--sft",
            metavar="FILE",
            help="File to write the best completions to as well, as messages.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what the run would take, and write nothing.",
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="S",
            help="Seed of the choice of rules to break.",
        ),
    ] = 0,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Stop at the first line that cannot be used.",
        ),
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
    from rbrctl.reports.reward_synth import (
        completions_body,
        completions_table,
        forecast_body,
        forecast_table,
    )
    from rbrctl.rewards.synthesis.assignment import assignments
    from rbrctl.rewards.synthesis.attempts import SUFFIX
    from rbrctl.rewards.synthesis.job import SynthesisJob
    from rbrctl.rewards.synthesis.prompts import read_prompts
    from rbrctl.rewards.synthesis.store import CompletionStore
    from rbrctl.rewards.synthesis.targets import Targets

    output = output_of(context)
    check_output_paths(
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
    wanted = targets.complete_plan(counts, descriptions, classes)
    drawn = assignments(rows, targets, wanted, seed)
    if not drawn:
        why = "the plan leaves out all of its classes" if rows else "no prompts in it"
        raise NothingMatchedError(f"{name}: {why}{first_problem(problems)}")
    bad_lines = {"bad_lines": problems.count}
    with CompletionStore(out, ruleset, write=not dry_run, overwrite=overwrite) as store:
        store.check(drawn)
        job = SynthesisJob(judge, models, store, drawn, attempts, retry_failed)
        forecast = asyncio.run(job.forecast())
        _say_forecast(output, forecast)
        _say_limits(output, forecast, models.writer.budget)
        if dry_run:
            _report(
                output, [forecast_table(forecast)], format_, forecast_body(forecast) | bad_lines
            )
            return code
        output.resume_hint = "run the same command again to go on from here"
        usages: dict[str, Usage] = {}
        try:
            summary = asyncio.run(
                job.run(
                    usages,
                    results,
                    overwrite,
                    lambda title, total: Progress(output, title, total),
                )
            )
        finally:
            for model, usage in usages.items():
                for warning in usage.warnings:
                    output.warn(f"{model}: {warning}")
                output.info(f"{model}: {usage.line()}")
        kept = [store.kept[each.id] for each in drawn if each.id in store.kept]
    if sft is not None:
        _write_sft(output, sft, kept, ruleset.ranks[0])
    used = {"usage": {model: usage.summary() for model, usage in usages.items()}}
    body = completions_body(summary, kept) | bad_lines | used
    _report(output, [completions_table(summary, kept, ruleset.ranks)], format_, body)
    _say_failures(output, summary)
    left = len(drawn) - len(kept)
    return ExitCode.INCOMPLETE if left or problems.count else ExitCode.YES


def _write_sft(output: Output, path: str, kept: "Sequence[Transcript]", best: str) -> None:
    from rbrctl.records.json_lines import write_json_lines
    from rbrctl.rewards.exporting import ExportForm, Ranked, export_rows
    from rbrctl.rewards.synthesis.store import COMPLETION_TYPE

    ranked = [Ranked(each, 0) for each in kept if each.extra.get(COMPLETION_TYPE) == best]
    count = write_json_lines(path, export_rows(ranked, ExportForm.SFT))
    output.info(f"{count:,} conversations for fine-tuning written to {path}")


def _report(
    output: Output, tables: "Sequence[Table]", format_: str, body: Mapping[str, object]
) -> None:
    from rbrctl.reports.reward_synth import REPORT_NAME, REPORT_VERSION

    report_tables(output, tables, format_, name=REPORT_NAME, version=REPORT_VERSION, body=body)


def _say_forecast(output: Output, forecast: "Forecast") -> None:
    """Report on stderr what the run may cost."""
    there = f"{forecast.kept:,} are there already; " if forecast.kept else ""
    output.info(
        f"{there}{forecast.completions:,} completions to write, up to {forecast.attempts} tries "
        "each"
    )
    for name, cost in (("one try of each", forecast.one_try), ("all tries", forecast.all_tries)):
        graded = ""
        if cost.grading.calls:
            graded = (
                f"; to grade it {cost.grading.calls:,} calls for "
                f"{cost.grading.answers:,} propositions, {cost.grading.input_tokens:,} tokens"
            )
        price = forecast.price(cost)
        money = "" if price is None else f"; at most {price:.4f}"
        output.info(
            f"{name}: {cost.writing.calls:,} calls to write, {cost.writing.input_tokens:,} "
            f"tokens sent and up to {cost.writing.output_tokens:,} back{graded}{money}"
        )


def _say_limits(output: Output, forecast: "Forecast", budget: "Budget") -> None:
    """Warn of limits that may end the run early."""
    for option, most, what in forecast.exceeded(budget):
        output.warn(
            f"{option} {most:g} may not be enough for {what}: the run then stops, and goes on "
            "from there when it is run again"
        )


def _say_failures(output: Output, summary: "Summary") -> None:
    """Warn of the completions that no attempt has reached, and of a budget that was spent."""
    for each in summary.failed[:SHOWN]:
        output.warn(f"{each.id}: not reached: {each.reason}")
    if len(summary.failed) > SHOWN:
        output.warn(f"{len(summary.failed) - SHOWN:,} further completions were not reached")
    if summary.stopped:
        output.warn(summary.stopped)
