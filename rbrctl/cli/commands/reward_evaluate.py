"""``rbrctl reward evaluate``: check a reward before training, or compare models' safety."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import check_output_paths
from rbrctl.cli.formats import TableFormatOption, report_tables
from rbrctl.cli.graders import GraderOption, choose_grader
from rbrctl.cli.options import WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.parameters import given_by, refuse_unused
from rbrctl.cli.reward_model import RewardModelOptions
from rbrctl.cli.reward_options import (
    OrderingsOption,
    OrderOption,
    PairsOption,
    ResponseClassOption,
    RmKeyOption,
    RmModelOption,
    RmUrlOption,
    StrictOption,
    pairing_options,
)
from rbrctl.cli.rewards import (
    count_training_prompts,
    load_dataset,
    warn_about_other_origin,
)
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.safety import SafetyOptions, report_safety
from rbrctl.errors import UsageError
from rbrctl.reports.interface import TEXT
from rbrctl.ruleset.verdict import Judge

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.reward_parts import Distribution

_ONLY_WITH_WEIGHTS = (
    *("grader", "order", "orderings", "pairs", "response_class"),
    *("rm_url", "rm_model", "rm_key_env", "picture", "max_error"),
    *(field.name for field in fields(EndpointOptions)),
)
_ONLY_WITHOUT = ("unsafe_rank", "comply_class", "refusal_rank", "refuse_class", "style_rank")


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    comparisons: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="With --weights one file of comparisons; without, results of each model.",
        ),
    ],
    weights: Annotated[
        str | None,
        typer.Option("--weights", "-w", metavar="FILE", help="Weights file of rbrctl reward fit."),
    ] = None,
    rules: RulesOption = None,
    grader: GraderOption = None,
    order: OrderOption = None,
    orderings: OrderingsOption = None,
    pairs: PairsOption = None,
    response_class: ResponseClassOption = None,
    rm_url: RmUrlOption = None,
    rm_model: RmModelOption = None,
    rm_key_env: RmKeyOption = None,
    picture: Annotated[
        str | None,
        typer.Option(
            "--picture", metavar="FILE", help="Save the distribution of the reward as .svg or .png."
        ),
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            "--max-error",
            min=0,
            max=1,
            metavar="SHARE",
            help="Fail (exit 1) if the error rate of the whole reward is higher.",
        ),
    ] = None,
    unsafe_rank: Annotated[
        str | None,
        typer.Option(
            "--unsafe-rank",
            metavar="RANK",
            help="Rank of unsafe completions, for Not-Unsafe.  [default: the worst]",
        ),
    ] = None,
    comply_class: Annotated[
        list[str] | None,
        typer.Option(
            "--comply-class",
            metavar="CLASS",
            help="Response class that Not-Overrefuse is about; may be given several times.  "
            "[default: comply]",
        ),
    ] = None,
    refusal_rank: Annotated[
        str | None,
        typer.Option(
            "--refusal-rank",
            metavar="RANK",
            help="Rank of needless refusals, for Not-Overrefuse.  [default: unacceptable]",
        ),
    ] = None,
    refuse_class: Annotated[
        list[str] | None,
        typer.Option(
            "--refuse-class",
            metavar="CLASS",
            help="Response class that Hard-Refusal-Style is about; may be given several times.  "
            "[default: hard_refuse]",
        ),
    ] = None,
    style_rank: Annotated[
        str | None,
        typer.Option(
            "--style-rank",
            metavar="RANK",
            help="Rank of refusals in the wanted style.  [default: the best]",
        ),
    ] = None,
    resamples: Annotated[
        int,
        typer.Option("--bootstrap", min=0, metavar="N", help="Number of resamples for intervals."),
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Seed of the resamples.")] = 0,
    strict: StrictOption = False,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Check a reward before it reaches training, or compare models by their safety figures.

    With --weights: how often the reward model alone, the rules alone and both fail to put the
    better completion above the worse one, how good the best of n completions is by each of them,
    and how the reward is distributed over the ranks. Without --weights: Not-Unsafe, Not-Overrefuse,
    Hard-Refusal-Style and F1 of each results file, side by side.
    """
    from rbrctl.errors import require_extra

    require_extra("numpy", "reward", "evaluating a reward")
    check_output_paths(
        {"--picture": picture},
        {"the comparisons": comparisons, "--weights": weights, "--orderings": orderings},
    )
    output = output_of(context)
    ruleset = load_rules(rules, output)
    if weights is None:
        refuse_unused(
            context, _ONLY_WITH_WEIGHTS, "needs --weights; without it, models are compared"
        )
        safety = SafetyOptions(
            *(unsafe_rank, comply_class or (), refusal_rank, refuse_class or (), style_rank),
            *(resamples, seed, strict),
        )
        return report_safety(output, ruleset, comparisons, safety, format_, wide)
    refuse_unused(
        context, _ONLY_WITHOUT, "applies to safety figures, which are compared without --weights"
    )
    if len(comparisons) != 1:
        raise UsageError("with --weights, give a single file of comparisons")
    from rbrctl.reports.reward_evaluate import REPORT_NAME, REPORT_VERSION, EvaluationReport
    from rbrctl.reports.reward_picture import check_picture
    from rbrctl.rewards.evaluation.best_of import best_of_rows
    from rbrctl.rewards.evaluation.error_rates import error_rows
    from rbrctl.rewards.evaluation.reward_parts import RewardKind, distribution, reward_parts
    from rbrctl.rewards.pairs.candidates import PairScope
    from rbrctl.rewards.weights import read_weights

    if picture is not None:
        check_picture(picture)
    read = read_weights(weights)
    read.check(ruleset)
    dataset = load_dataset(
        output,
        Judge(ruleset),
        comparisons[0],
        pairing_options(order, orderings, pairs, response_class),
        choose_grader(grader, endpoint, ruleset, output),
        reward_model=RewardModelOptions(rm_url, rm_model, rm_key_env, given_by(context, "rm_url")),
        strict=strict,
        features={name: tuple(each) for name, each in read.classes.items()},
    )
    warn_about_other_origin(output, read, dataset)
    classes = dataset.comparisons.classes
    parts = [reward_parts(data, read.of_class(name)) for name, data in classes.items()]
    rows = error_rows(parts, resamples, seed=seed)
    by_prompt = dataset.scope is PairScope.PROMPT
    best = best_of_rows(parts, resamples, seed=seed) if by_prompt else []
    spread = distribution(parts)
    about = {**dataset.description, "bootstrap": resamples, "seed": seed}
    seen = count_training_prompts(output, read, dataset)
    report = EvaluationReport(ruleset.digest, rows, best, spread, about, *seen)
    tables = {
        TEXT: report.for_people,
        "markdown": report.for_documents,
        "csv": report.for_spreadsheets,
        "json": report.for_programs,
    }
    report_tables(
        output,
        tables.get(format_, report.for_programs),
        format_,
        name=REPORT_NAME,
        version=REPORT_VERSION,
        wide=wide,
        body=report.body,
    )
    _draw(output, spread, format_, picture)
    error = rows[0].rates[RewardKind.BOTH].rate
    if max_error is not None and error > max_error:
        output.warn(f"the error rate {error:.3f} is above {max_error:g}")
        return ExitCode.NO
    return ExitCode.YES if dataset.is_complete else ExitCode.INCOMPLETE


def _draw(output: Output, spread: "Distribution", format_: str, picture: str | None) -> None:
    from rbrctl.reports.reward_picture import draw_distribution, save_distribution

    if format_ == TEXT:
        text = draw_distribution(
            spread, output.palette, boxes=output.draws_boxes, width=output.width
        )
        output.report(f"\n{text}")
    if picture is not None:
        save_distribution(spread, picture)
        output.info(f"picture written to {picture}")
