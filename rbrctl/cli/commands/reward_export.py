"""``rbrctl reward export``: ranked transcripts as training data."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.reward_options import ORDERS
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.exporting import ExportForm, ExportOptions, Ranked, export_rows
from rbrctl.ruleset.verdict import Judge
from rbrctl.suggestions import hint_for

if TYPE_CHECKING:
    from rbrctl.records.models import Result
    from rbrctl.rewards.function import RewardFunction

SHOWN = 5
REWARD = "reward"


def command(
    context: typer.Context,
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="Graded transcripts, of rbrctl grade -o.")
    ],
    transcripts: Annotated[
        str, typer.Option("--transcripts", metavar="FILE", help="The texts that were graded.")
    ],
    form: Annotated[
        ExportForm,
        typer.Option(
            "--as",
            help="What is written: preferences (TRL and others) or openai-dpo, unpaired (KTO), "
            "sft, or best (of n).",
        ),
    ],
    out: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where the rows go; - for stdout.")
    ] = "-",
    weights: Annotated[
        str | None,
        typer.Option("--weights", "-w", metavar="FILE", help="The weights of reward fit."),
    ] = None,
    order: Annotated[
        str,
        typer.Option(
            "--order",
            metavar="KEY",
            help="What orders completions: rank (the grader's), labels or rank_label (a human's), "
            "or reward.",
        ),
    ] = "rank",
    margin: Annotated[
        float | None,
        typer.Option("--margin", min=0, metavar="M", help="Least difference of two rewards."),
    ] = None,
    all_pairs: Annotated[
        bool, typer.Option("--all-pairs", help="Every ordered pair, not the best against each.")
    ] = False,
    rules: RulesOption = None,
) -> ExitCode:
    """
    Write ranked transcripts as preferences, best-of-n choices or fine-tuning data.

    Preferences and fine-tuning data follow the ranks (or, with --order reward, the rewards); best
    takes for each prompt the completion of the highest reward, and so needs --weights.
    """
    from rbrctl.records.json_lines import write_json_lines

    _check_options(form, order, weights, margin, all_pairs)
    output = output_of(context)
    ruleset = load_rules(rules, output)
    problems = ProblemLog()
    judge = Judge(ruleset)
    by_reward = order == REWARD
    label = "rank" if by_reward else order
    ranked = list(_ranked(output, judge, results, transcripts, weights, label, problems))
    options = ExportOptions(by_reward, margin or 0.0, all_pairs)
    rows = list(export_rows(ranked, form, options))
    for problem in problems.items[:SHOWN]:
        output.warn(str(problem))
    if not rows:
        raise NothingMatchedError(
            f"no rows to export as {form.value} among {len(ranked):,} graded transcripts"
        )
    count = write_json_lines(sys.stdout.buffer if out == "-" else out, rows)
    output.talk(f"{count:,} rows of {len(ranked):,} graded transcripts")
    needs_reward = by_reward or form is ExportForm.BEST
    without = sum((each.reward if needs_reward else each.rank) is None for each in ranked)
    if without:
        output.warn(
            f"{without:,} without a {'reward' if needs_reward else 'rank'} were passed over"
        )
    return ExitCode.INCOMPLETE if problems.count or without else ExitCode.YES


def _check_options(
    form: ExportForm, order: str, weights: str | None, margin: float | None, all_pairs: bool
) -> None:
    """Raise UsageError for what cannot be meant, and for what would do nothing."""
    if order not in (*ORDERS, REWARD):
        hint = hint_for(order, (*ORDERS, REWARD))
        raise UsageError(f"--order {order}: nothing orders completions so; {hint}")
    pairs = form in (ExportForm.PREFERENCES, ExportForm.OPENAI_DPO)
    if weights is None and (order == REWARD or form is ExportForm.BEST):
        raise UsageError("ordering by reward needs --weights WEIGHTS.yaml")
    if weights is not None and order != REWARD and form not in (ExportForm.BEST, ExportForm.SFT):
        raise UsageError("--weights orders nothing here: add --order reward")
    if margin is not None and not (pairs and order == REWARD):
        raise UsageError("--margin is one of rewards, between preferences: it needs --order reward")
    if all_pairs and not pairs:
        raise UsageError(f"--all-pairs is for preferences, and {form.value} makes no pairs")


def _ranked(
    output: Output,
    judge: Judge,
    results: str,
    transcripts: str,
    weights: str | None,
    order: str,
    problems: ProblemLog,
) -> Iterator[Ranked]:
    """Join results and texts by content."""
    from rbrctl.records.results import read_results
    from rbrctl.records.transcripts import read_transcripts
    from rbrctl.rewards.comparisons.candidates import label_of

    ranks = judge.ruleset.ranks
    function = _function(judge, weights)
    by_content: dict[str, dict[str | None, Result]] = {}
    for result in read_results(results, problems):
        if result.ruleset.digest != judge.ruleset.digest:
            raise UsageError(
                f"{results}: judged by another rule set; name it with --rules, or score it again"
            )
        by_content.setdefault(result.content_digest, {})[result.response_class] = result
    unknown = 0
    seen: set[str] = set()
    for transcript in read_transcripts(transcripts, problems):
        digest = transcript.content_digest
        if digest not in by_content:
            unknown += 1
        elif digest not in seen:
            seen.add(digest)
            for result in by_content[digest].values():
                label = label_of(result, judge, order)
                rank = ranks.index(label) if label in ranks else None
                judged = replace(transcript, response_class=result.response_class)
                yield Ranked(judged, rank, _reward(result, function))
    if unknown:
        output.talk(f"{unknown:,} transcripts have no result and were passed over")
    if missing := len(by_content.keys() - seen):
        output.talk(f"{missing:,} results have no transcript and were passed over")


def _function(judge: Judge, weights: str | None) -> "RewardFunction | None":
    if weights is None:
        return None
    from rbrctl.rewards.function import RewardFunction
    from rbrctl.rewards.weights_file import read_weights

    return RewardFunction(judge, read_weights(weights))


def _reward(result: "Result", function: "RewardFunction | None") -> float | None:
    from rbrctl.rewards.comparisons.candidates import known_probabilities, read_rm_score
    from rbrctl.rewards.function import total_of

    if function is None or result.response_class not in function.response_classes:
        return None
    score = read_rm_score(result.extra)
    return total_of(function.reward(result.response_class, known_probabilities(result), score))
