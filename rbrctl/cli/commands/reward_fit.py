"""``rbrctl reward fit``: weights from comparisons, with what they are worth."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import TableFormatOption, report_tables
from rbrctl.cli.graders import GraderOption, choose_grader
from rbrctl.cli.hand_set import hand_set_weights, judged_features
from rbrctl.cli.idle_options import given_by, refuse_idle
from rbrctl.cli.options import WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.products import check_products
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions
from rbrctl.cli.reward_options import (
    Order,
    OrderingsOption,
    OrderOption,
    PairsOption,
    Prior,
    ResponseClassOption,
    RmKeyOption,
    RmModelOption,
    RmUrlOption,
    StrictOption,
    parse_factor,
    parse_numbers,
    parse_signs,
)
from rbrctl.cli.rewards import Gathered, gather
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.reports.interface import TEXT
from rbrctl.rewards.solver.loss_kind import LossKind
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.rewards.fitting.fit import ClassFit
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.ruleset.model import RuleSet

_OF_A_FIT = ("l2", "prior", "fix", "sign")
CERTIFIED = 1e-6
"""A duality gap above this is worth a word."""


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    comparisons: Annotated[
        str,
        typer.Argument(
            metavar="COMPARISONS",
            help="Results, preferences (prompt, chosen, rejected) or transcripts, or -.",
        ),
    ],
    out: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where the weights go.")
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
    loss: Annotated[
        LossKind, typer.Option("--loss", metavar="LOSS", help="hinge, or logistic (Bradley-Terry).")
    ] = LossKind.HINGE,
    margin: Annotated[
        float, typer.Option("--margin", metavar="M", help="By how much the better should win.")
    ] = 1.0,
    level: Annotated[
        list[str] | None,
        typer.Option(
            "--level",
            metavar="RANK=NUMBER",
            help="A level for each rank: margins are then differences of levels.",
        ),
    ] = None,
    l2: Annotated[
        str,
        typer.Option(
            "--l2",
            metavar="FACTOR",
            help="Half of this times the squared distance of the weights from the prior is added "
            "to the mean loss; auto is what held-out prompts say; 0 for none.",
        ),
    ] = "auto",
    prior: Annotated[
        Prior,
        typer.Option(
            "--prior",
            metavar="WEIGHTS",
            help="Where --l2 pulls: ranks (one margin more for each better rank) or zero.",
        ),
    ] = Prior.RANKS,
    fix: Annotated[
        list[str] | None,
        typer.Option("--fix", metavar="FEATURE=WEIGHT", help="A weight that is not fitted."),
    ] = None,
    sign: Annotated[
        list[str] | None,
        typer.Option("--sign", metavar="FEATURE=+|-", help="The sign that a weight must have."),
    ] = None,
    fixed: Annotated[
        str | None,
        typer.Option(
            "--fixed",
            metavar="WEIGHTS",
            help="Fit nothing: hand-set weights of a file, or ranks (the best 1, falling to 0), "
            "or rules-kept (the share of rules that hold).",
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option("--folds", metavar="K", help="Hold prompts out in K parts; 0: none.")
    ] = 5,
    bootstrap: Annotated[
        int, typer.Option("--bootstrap", metavar="N", help="Resamples for the intervals.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Of folds and resamples.")] = 0,
    strict: StrictOption = False,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Fit the reward's weights so that better completions score above worse ones.

    The reward is the reward model's score plus the weighted sum of the features of the completion's
    response class. Scores stand in the rows (rm_score; of preferences rm_score_chosen and
    rm_score_rejected), else --rm-url is asked, else they are 0. The hinge loss over ordered pairs
    is solved to a proven optimum; prompts are held out whole, and drawn whole for the intervals.
    """
    from rbrctl.reports.reward_fit import REPORT_NAME, REPORT_VERSION, FitReport
    from rbrctl.rewards.extras import require
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.rewards.hand_set import rank_ladder

    require("numpy", "reward", "fitting weights")
    check_products(
        {"-o": out},
        {"the comparisons": comparisons, "--orderings": orderings, "--fixed": fixed},
    )
    output = output_of(context)
    ruleset = load_rules(rules, output)
    levels = parse_numbers(level, "--level")
    ladder = rank_ladder(ruleset, margin, levels)
    options = FitOptions(
        loss=loss,
        l2=parse_factor(l2),
        prior=ladder if prior is Prior.RANKS else {},
        yardstick=ladder,
        fixed=parse_numbers(fix, "--fix"),
        signs=parse_signs(sign),
        folds=folds,
        bootstrap=bootstrap,
        seed=seed,
    )
    if fixed is not None:
        refuse_idle(context, _OF_A_FIT, "is of a fit, and --fixed fits nothing: leave one out")
    hand_set = hand_set_weights(fixed, ruleset) if fixed is not None else None
    gathered = gather(
        output,
        Judge(ruleset),
        comparisons,
        Order(order, orderings, pairs, margin, levels, response_class),
        choose_grader(grader, endpoint, ruleset, output),
        reward_model=RewardModelOptions(rm_url, rm_model, rm_key_env, given_by(context, "rm_url")),
        strict=strict,
        features=judged_features(hand_set or {}, ladder),
    )
    fits = _fit(output, gathered, options, hand_set)
    _say_what_is_odd(output, fits, folds)
    _write(output, out, ruleset, gathered, options, fits, fixed)
    report = FitReport(ruleset.digest, fits, options, gathered.described, fixed)
    report_tables(
        output,
        report.tables,
        format_,
        name=REPORT_NAME,
        version=REPORT_VERSION,
        wide=wide,
        body=report.body,
    )
    return ExitCode.YES if gathered.complete else ExitCode.INCOMPLETE


def _say_what_is_odd(output: Output, fits: "Mapping[str, ClassFit]", folds: int) -> None:
    for name, each in fits.items():
        if each.duality_gap > CERTIFIED:
            output.warn(
                f"{name}: the weights are proved to be the best only to within "
                f"{each.duality_gap:.1e} of the loss: look for outlying rm_score"
            )
        if each.prompts < folds:
            output.talk(f"{name}: {counted(each.prompts, 'prompt')}, so no more folds than that")


def _fit(
    output: Output,
    gathered: Gathered,
    options: "FitOptions",
    hand_set: Mapping[str, Mapping[str, float]] | None,
) -> "dict[str, ClassFit]":
    from rbrctl.rewards.fitting.fit import fit, steps
    from rbrctl.rewards.fitting.hand_set_fit import judge_hand_set

    classes = gathered.comparisons.classes
    total = sum(steps(data, options) for data in classes.values())
    with Progress(output, "fitted", total) as progress:
        if hand_set is None:
            return fit(gathered.comparisons, options, progress.advance)
        return {
            name: judge_hand_set(data, hand_set[name], options, progress.advance)
            for name, data in classes.items()
        }


def _write(
    output: Output,
    path: str | None,
    ruleset: "RuleSet",
    gathered: Gathered,
    options: "FitOptions",
    fits: "Mapping[str, ClassFit]",
    hand_set: str | None,
) -> None:
    from rbrctl.rewards.fitting.made_weights import made_weights
    from rbrctl.rewards.weights_file import write_weights

    if path is None:
        output.talk("nothing is kept without -o WEIGHTS.yaml")
        return
    about = {"hand_set": hand_set, **gathered.described}
    compared = gathered.comparisons
    write_weights(path, made_weights(ruleset, compared, fits, options, gathered.results, about))
    output.talk(f"weights written to {path}")
