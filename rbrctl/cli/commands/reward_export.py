"""``rbrctl reward export``: ranked transcripts as training data."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.options import output_of
from rbrctl.cli.output import Output
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.records.problems import ProblemLog
from rbrctl.rewards.exporting import ExportForm, ExportOptions, Ranked, export_rows

if TYPE_CHECKING:
    from rbrctl.records.models import Result
    from rbrctl.rewards.function import RewardFunction
    from rbrctl.ruleset.model import RuleSet

SHOWN = 5


def command(
    context: typer.Context,
    results: Annotated[
        str, typer.Argument(metavar="RESULTS", help="Graded transcripts, of rbrctl grade -o.")
    ],
    transcripts: Annotated[
        str, typer.Option("--transcripts", metavar="FILE", help="The texts that were graded.")
    ],
    form: Annotated[ExportForm, typer.Option("--as", help="What the export is for.")],
    out: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where the rows go; - for stdout.")
    ] = "-",
    weights: Annotated[
        str | None,
        typer.Option("--weights", "-w", metavar="FILE", help="The weights of reward fit."),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="What orders completions: rank or reward.")
    ] = "rank",
    margin: Annotated[
        float,
        typer.Option("--margin", min=0, metavar="M", help="Least difference of two rewards."),
    ] = 0.0,
    all_pairs: Annotated[
        bool, typer.Option("--all-pairs", help="Every ordered pair, not the best against each.")
    ] = False,
    rules: RulesOption = None,
) -> ExitCode:
    """
    Write ranked transcripts as preferences, best-of-n choices or fine-tuning data.

    Preferences and fine-tuning data follow the ranks (or, with --by reward, the rewards); best
    takes for each prompt the completion of the highest reward, and so needs --weights.
    """
    from rbrctl.records.json_lines import write_json_lines

    if by not in ("rank", "reward"):
        raise UsageError(f"--by is rank or reward, not '{by}'")
    if weights is None and (by == "reward" or form is ExportForm.BEST):
        raise UsageError("ordering by reward needs --weights WEIGHTS.yaml")
    output = output_of(context)
    ruleset = load_rules(rules, output)
    problems = ProblemLog()
    ranked = list(_ranked(output, ruleset, results, transcripts, weights, problems))
    options = ExportOptions(by == "reward", margin, all_pairs)
    rows = list(export_rows(ranked, form, options))
    for problem in problems.items[:SHOWN]:
        output.warn(str(problem))
    if not rows:
        raise NothingMatchedError(
            f"no rows to export as {form.value} among {len(ranked):,} graded transcripts"
        )
    count = write_json_lines(sys.stdout.buffer if out == "-" else out, rows)
    output.talk(f"{count:,} rows of {len(ranked):,} graded transcripts")
    return ExitCode.INCOMPLETE if problems.count else ExitCode.YES


def _ranked(
    output: Output,
    ruleset: "RuleSet",
    results: str,
    transcripts: str,
    weights: str | None,
    problems: ProblemLog,
) -> Iterator[Ranked]:
    """Join results and texts by content."""
    from rbrctl.records.results import read_results
    from rbrctl.records.transcripts import read_transcripts

    function = _function(ruleset, weights)
    by_content = {result.content_digest: result for result in read_results(results, problems)}
    unknown = 0
    seen: set[str] = set()
    for transcript in read_transcripts(transcripts, problems):
        result = by_content.get(transcript.content_digest)
        if result is None:
            unknown += 1
        elif transcript.content_digest not in seen:
            seen.add(transcript.content_digest)
            rank = ruleset.ranks.index(result.rank) if result.rank in ruleset.ranks else None
            yield Ranked(transcript, rank, _reward(result, function))
    if unknown:
        output.talk(f"{unknown:,} transcripts have no result and were passed over")
    if missing := len(by_content.keys() - seen):
        output.talk(f"{missing:,} results have no transcript and were passed over")


def _function(ruleset: "RuleSet", weights: str | None) -> "RewardFunction | None":
    if weights is None:
        return None
    from rbrctl.rewards.function import RewardFunction
    from rbrctl.rewards.weights_file import read_weights
    from rbrctl.ruleset.verdict import Judge

    return RewardFunction(Judge(ruleset), read_weights(weights))


def _reward(result: "Result", function: "RewardFunction | None") -> float | None:
    from rbrctl.rewards.candidates import known_probabilities, read_rm_score
    from rbrctl.rewards.function import total_of

    if function is None or result.response_class not in function.response_classes:
        return None
    score = read_rm_score(result.extra)
    return total_of(function.reward(result.response_class, known_probabilities(result), score))
