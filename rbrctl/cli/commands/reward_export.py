"""``rbrctl reward export``: write ranked transcripts as training data."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import STANDARD_INPUT, check_output_paths, data_source, report_problems
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions, say_scores, say_unscored
from rbrctl.cli.reward_options import RmKeyOption, RmModelOption, RmUrlOption
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.exporting import ExportForm, ExportOptions, export_rows
from rbrctl.rewards.joining import (
    GradedTranscript,
    JoinedResults,
    join_results,
    rank_transcripts,
)
from rbrctl.rewards.pairs.candidates import RM_SCORE, RankSource, parse_order
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted, hint_for

if TYPE_CHECKING:
    from rbrctl.graders.endpoint.settings import EndpointSettings

REWARD = "reward"


def command(
    context: typer.Context,
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="Results file of rbrctl grade -o; - for stdin.")
    ],
    transcripts: Annotated[
        str, typer.Option("--transcripts", metavar="FILE", help="File of the graded transcripts.")
    ],
    form: Annotated[
        ExportForm,
        typer.Option(
            "--as",
            help="Format: preferences (for TRL and others), openai-dpo, unpaired (for KTO), sft, "
            "or best (of n).",
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File to write the rows to; - for stdout."
        ),
    ] = "-",
    weights: Annotated[
        str | None,
        typer.Option("--weights", "-w", metavar="FILE", help="Weights file of rbrctl reward fit."),
    ] = None,
    order: Annotated[
        str,
        typer.Option(
            "--order",
            metavar="KEY",
            help="What orders completions: rank (that of the grader's answers), labels or "
            "rank_label (a human's), or reward.",
        ),
    ] = "rank",
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            min=0,
            metavar="M",
            help="Smallest difference of two rewards that form a pair.",
        ),
    ] = None,
    all_pairs: Annotated[
        bool,
        typer.Option(
            "--all-pairs",
            help="Write every ordered pair, not only the best against each worse one.",
        ),
    ] = False,
    rules: RulesOption = None,
    rm_url: RmUrlOption = None,
    rm_model: RmModelOption = None,
    rm_key_env: RmKeyOption = None,
) -> ExitCode:
    """
    Write ranked transcripts as preferences, best-of-n choices or fine-tuning data.

    Preferences and fine-tuning data follow the ranks, or, with --order reward, the rewards. The
    format best takes the completion with the highest reward of each prompt, and so needs --weights.
    A reward includes the reward model's score: the rm_score of the row, otherwise the answer of
    --rm-url, otherwise 0.
    """
    from rbrctl.records.json_lines import encode_line, write_json_lines
    from rbrctl.rewards.weights import read_weights

    _check_options(form, order, weights, margin, all_pairs)
    if rm_url is not None and weights is None:
        raise UsageError("--rm-url is a part of the reward: it needs --weights")
    if results == transcripts == STANDARD_INPUT:
        raise UsageError("results and --transcripts cannot both come from standard input")
    check_output_paths(
        {"-o": None if out == STANDARD_INPUT else out},
        {"the results": results, "--transcripts": transcripts, "--weights": weights},
    )
    output = output_of(context)
    ruleset = load_rules(rules, output)
    problems = ProblemLog()
    judge = Judge(ruleset)
    by_reward = order == REWARD
    label = RankSource.RANK if by_reward else parse_order(order)
    found = None if weights is None else read_weights(weights)
    settings = RewardModelOptions(rm_url, rm_model, rm_key_env).settings(output)
    joined = join_results(data_source(results), data_source(transcripts), ruleset, problems)
    _say_unmatched(output, joined)
    graded, unscored = _scored(output, settings, joined.graded)
    missing = joined.results_without_transcript + unscored
    if found is not None:
        scored = sum(each.transcript.extra[RM_SCORE] is not None for each in graded)
        say_scores(output, scored, len(graded), found)
    ranked = rank_transcripts(graded, judge, label, found)
    options = ExportOptions(by_reward, margin or 0.0, all_pairs)
    rows = list(export_rows(ranked, form, options))
    code = report_problems(output, problems, "export")
    if not rows:
        raise NothingMatchedError(
            f"no rows to export as {form.value} among {len(ranked):,} graded transcripts"
        )
    if out == STANDARD_INPUT:
        output.report_lines(map(encode_line, rows))
    else:
        write_json_lines(out, rows)
    output.info(f"{len(rows):,} rows of {len(ranked):,} graded transcripts")
    needs_reward = by_reward or form is ExportForm.BEST
    without = sum((each.reward if needs_reward else each.rank) is None for each in ranked)
    if without:
        output.warn(f"{without:,} without a {'reward' if needs_reward else 'rank'} were left out")
    return ExitCode.INCOMPLETE if missing or without else code


def _say_unmatched(output: Output, joined: JoinedResults) -> None:
    """Report on stderr which results and transcripts have no partner."""
    if joined.transcripts_without_result:
        count = counted(joined.transcripts_without_result, "transcript has", "transcripts have")
        output.info(f"{count} no result: left out of the export")
    if joined.results_without_transcript:
        count = counted(joined.results_without_transcript, "result has", "results have")
        output.warn(f"{count} no transcript: left out of the export")


def _scored(
    output: Output, settings: "EndpointSettings | None", graded: Sequence[GradedTranscript]
) -> tuple[list[GradedTranscript], int]:
    """Return the transcripts with the reward model's scores, and how many got none."""
    if settings is None:
        return list(graded), 0
    from rbrctl.rewards.reward_model.client import score_completions

    reasons: list[str] = []
    found = asyncio.run(
        score_completions(
            [each.transcript for each in graded],
            settings,
            reasons,
            lambda title, total: Progress(output, title, total),
        )
    )
    say_unscored(output, reasons)
    scored = {(each.content_digest, each.response_class): each for each in found}
    kept = [
        replace(each, transcript=scored[key])
        for each in graded
        if (key := (each.transcript.content_digest, each.transcript.response_class)) in scored
    ]
    return kept, len(reasons)


def _check_options(
    form: ExportForm, order: str, weights: str | None, margin: float | None, all_pairs: bool
) -> None:
    """Raise UsageError for options that contradict each other or would have no effect."""
    orders = (*RankSource, REWARD)
    if order not in orders:
        raise UsageError(
            f"--order {order}: completions cannot be ordered by this; {hint_for(order, orders)}"
        )
    pairs = form in (ExportForm.PREFERENCES, ExportForm.OPENAI_DPO)
    if weights is None and (order == REWARD or form is ExportForm.BEST):
        raise UsageError("ordering by reward needs --weights WEIGHTS.yaml")
    if weights is not None and order != REWARD and form not in (ExportForm.BEST, ExportForm.SFT):
        raise UsageError("--weights has no effect here: add --order reward")
    if margin is not None and not (pairs and order == REWARD):
        raise UsageError(
            "--margin is a difference of rewards in preferences: it needs --order reward"
        )
    if all_pairs and not pairs:
        raise UsageError(f"--all-pairs applies to preferences, and {form.value} makes no pairs")
