"""``rbrctl reward evaluate``: the check of a reward before training, and a policy's figures."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.fitted_weights import say_training_data, say_where_fitted
from rbrctl.cli.formats import TableFormatOption, report_tables
from rbrctl.cli.graders import GraderOption, choose_grader
from rbrctl.cli.idle_options import given_by, refuse_idle
from rbrctl.cli.options import WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.products import check_products
from rbrctl.cli.reward_model import RewardModelOptions
from rbrctl.cli.reward_options import (
    Order,
    OrderingsOption,
    OrderOption,
    PairsOf,
    PairsOption,
    ResponseClassOption,
    RmKeyOption,
    RmModelOption,
    RmUrlOption,
    StrictOption,
)
from rbrctl.cli.rewards import gather
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.cli.safety import SafetyOptions, compare_models
from rbrctl.errors import UsageError
from rbrctl.reports.interface import TEXT
from rbrctl.ruleset.verdict import Judge

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.distribution import Distribution

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
            help="With --weights one file of comparisons; without, the results of each model.",
        ),
    ],
    weights: Annotated[
        str | None,
        typer.Option("--weights", "-w", metavar="FILE", help="The weights of reward fit."),
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
        typer.Option("--picture", metavar="FILE", help="Save the spread as .svg or .png."),
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            "--max-error",
            min=0,
            max=1,
            metavar="SHARE",
            help="Fail (exit 1) where the error rate of the whole reward is higher.",
        ),
    ] = None,
    unsafe_rank: Annotated[
        str | None,
        typer.Option(
            "--unsafe-rank", metavar="RANK", help="What Not-Unsafe is not.  [default: the worst]"
        ),
    ] = None,
    comply_class: Annotated[
        list[str] | None,
        typer.Option(
            "--comply-class",
            metavar="CLASS",
            help="Of which Not-Overrefuse speaks; may be given several times.  [default: comply]",
        ),
    ] = None,
    refusal_rank: Annotated[
        str | None,
        typer.Option(
            "--refusal-rank",
            metavar="RANK",
            help="What a needless refusal drops to, for Not-Overrefuse.  [default: unacceptable]",
        ),
    ] = None,
    refuse_class: Annotated[
        list[str] | None,
        typer.Option(
            "--refuse-class",
            metavar="CLASS",
            help="Of which Hard-Refusal-Style speaks; may be given several times.  [default: "
            "hard_refuse]",
        ),
    ] = None,
    style_rank: Annotated[
        str | None,
        typer.Option(
            "--style-rank",
            metavar="RANK",
            help="What Hard-Refusal-Style is.  [default: the best]",
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option("--bootstrap", min=0, metavar="N", help="Resamples for intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Of the resamples.")] = 0,
    strict: StrictOption = False,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Check a reward before it reaches training, or compare models by their safety figures.

    With --weights: how often the reward model alone, the rules alone and both put a worse
    completion not below the better, what the best of n completions is worth by each, and how the
    reward is spread by rank. Without: Not-Unsafe, Not-Overrefuse, Hard-Refusal-Style and F1 of each
    results file, side by side.
    """
    from rbrctl.rewards.extras import require

    require("numpy", "reward", "evaluating a reward")
    check_products(
        {"--picture": picture},
        {"the comparisons": comparisons, "--weights": weights, "--orderings": orderings},
    )
    output = output_of(context)
    ruleset = load_rules(rules, output)
    if weights is None:
        refuse_idle(context, _ONLY_WITH_WEIGHTS, "needs --weights: without, models are compared")
        safety = SafetyOptions(
            *(unsafe_rank, comply_class or (), refusal_rank, refuse_class or (), style_rank),
            *(resamples, seed, strict),
        )
        return compare_models(output, ruleset, comparisons, safety, format_, wide)
    refuse_idle(
        context, _ONLY_WITHOUT, "is for safety figures, which are compared without --weights"
    )
    if len(comparisons) != 1:
        raise UsageError("with --weights one file of comparisons is evaluated")
    from rbrctl.reports.reward_evaluate import REPORT_NAME, REPORT_VERSION, EvaluationReport
    from rbrctl.reports.reward_picture import check_picture
    from rbrctl.rewards.evaluation.best_of import best_of_rows
    from rbrctl.rewards.evaluation.distribution import distribution
    from rbrctl.rewards.evaluation.error_rows import error_rows
    from rbrctl.rewards.evaluation.reward_parts import reward_parts
    from rbrctl.rewards.weights_file import read_weights

    if picture is not None:
        check_picture(picture)
    read = read_weights(weights)
    read.check(ruleset)
    gathered = gather(
        output,
        Judge(ruleset),
        comparisons[0],
        Order(order, orderings, pairs, response_class=response_class),
        choose_grader(grader, endpoint, ruleset, output),
        reward_model=RewardModelOptions(rm_url, rm_model, rm_key_env, given_by(context, "rm_url")),
        strict=strict,
        features={name: tuple(each) for name, each in read.classes.items()},
    )
    say_where_fitted(output, read, gathered)
    classes = gathered.comparisons.classes
    parts = [reward_parts(data, read.of_class(name)) for name, data in classes.items()]
    rows = error_rows(parts, resamples, seed=seed)
    best = best_of_rows(parts, resamples, seed=seed) if gathered.pairs == PairsOf.PROMPT else []
    spread = distribution(parts)
    about = {**gathered.described, "bootstrap": resamples, "seed": seed}
    seen = say_training_data(output, read, gathered)
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
    if max_error is not None and rows[0].rates["both"].rate > max_error:
        output.warn(f"the error rate {rows[0].rates['both'].rate:.3f} is above {max_error:g}")
        return ExitCode.NO
    return ExitCode.YES if gathered.complete else ExitCode.INCOMPLETE


def _draw(output: Output, spread: "Distribution", format_: str, picture: str | None) -> None:
    from rbrctl.reports.reward_picture import draw_distribution, save_distribution

    if format_ == TEXT:
        text = draw_distribution(
            spread, output.palette, boxes=output.draws_boxes, width=output.width
        )
        output.report(f"\n{text}")
    if picture is not None:
        save_distribution(spread, picture)
        output.talk(f"picture written to {picture}")
