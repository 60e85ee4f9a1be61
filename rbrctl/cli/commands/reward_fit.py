"""``rbrctl reward fit``: fit weights to comparisons, with figures on held-out prompts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.files import check_output_paths
from rbrctl.cli.formats import TableFormatOption, report_tables
from rbrctl.cli.graders import GraderOption, choose_grader
from rbrctl.cli.options import WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.parameters import given_by, refuse_unused
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions
from rbrctl.cli.reward_options import (
    OrderingsOption,
    OrderOption,
    PairsOption,
    Prior,
    ResponseClassOption,
    RmKeyOption,
    RmModelOption,
    RmUrlOption,
    StrictOption,
    pairing_options,
    parse_factor,
    parse_numbers,
    parse_signs,
)
from rbrctl.cli.rewards import load_dataset
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.reports.interface import TEXT
from rbrctl.rewards.losses import DEFAULT_LOSS, loss_named, loss_names
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted

if TYPE_CHECKING:
    from rbrctl.rewards.fitting.fit import ClassFit
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.rewards.pairs.dataset import Dataset
    from rbrctl.ruleset.model import RuleSet

_ONLY_FOR_A_FIT = ("l2", "prior", "pin", "fix", "sign")
CERTIFIED = 1e-6
"""A larger duality gap is warned about."""
T = TypeVar("T")


def losses_starting_with(incomplete: str) -> list[str]:
    """Return the losses that a shell offers."""
    return [name for name in loss_names() if name.startswith(incomplete)]


@with_endpoint
def command(
    context: typer.Context,
    endpoint: EndpointOptions,
    comparisons: Annotated[
        str,
        typer.Argument(
            metavar="COMPARISONS",
            help="Results, preferences (prompt, chosen, rejected) or transcripts; - for stdin.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write the weights to."),
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
        str,
        typer.Option(
            "--loss",
            metavar="LOSS",
            help=f"Loss of a pair of completions: {' or '.join(loss_names())}.",
            autocompletion=losses_starting_with,
        ),
    ] = DEFAULT_LOSS,
    margin: Annotated[
        float,
        typer.Option("--margin", metavar="M", help="By how much the better completion should win."),
    ] = 1.0,
    level: Annotated[
        list[str] | None,
        typer.Option(
            "--level",
            metavar="RANK=NUMBER",
            help="Level of a rank. With a level for each rank, margins are differences of levels.",
        ),
    ] = None,
    l2: Annotated[
        str,
        typer.Option(
            "--l2",
            metavar="FACTOR",
            help="Factor of the L2 term: half of it times the squared distance of the weights from "
            "--prior is added to the mean loss. 0 for none; auto chooses it on held-out prompts.",
        ),
    ] = "auto",
    prior: Annotated[
        Prior,
        typer.Option(
            "--prior",
            metavar="WEIGHTS",
            help="Weights towards which --l2 shrinks the fit: ranks (each rank one margin above "
            "the next worse one) or zero.",
        ),
    ] = Prior.RANKS,
    pin: Annotated[
        list[str] | None,
        typer.Option(
            "--pin", metavar="FEATURE=WEIGHT", help="Keep a weight at this value, not fitted."
        ),
    ] = None,
    fix: Annotated[list[str] | None, typer.Option("--fix", hidden=True)] = None,
    sign: Annotated[
        list[str] | None,
        typer.Option("--sign", metavar="FEATURE=+|-", help="Sign that a weight must have."),
    ] = None,
    weights_from: Annotated[
        str | None,
        typer.Option(
            "--weights-from",
            metavar="WEIGHTS",
            help="Fit nothing and judge hand-set weights: those of a file, ranks (from 1 for the "
            "best rank to 0 for the worst), or rules-kept (the share of rules that hold).",
        ),
    ] = None,
    fixed: Annotated[str | None, typer.Option("--fixed", hidden=True)] = None,
    folds: Annotated[
        int,
        typer.Option(
            "--folds",
            metavar="K",
            help="Number of parts into which prompts are held out; 0 for none.",
        ),
    ] = 5,
    bootstrap: Annotated[
        int,
        typer.Option(
            "--bootstrap",
            metavar="N",
            help="Number of resamples for the intervals; 0 for none.",
        ),
    ] = 200,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Seed of folds and resamples.")
    ] = 0,
    strict: StrictOption = False,
    format_: TableFormatOption = TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Fit the reward's weights so that better completions score above worse ones.

    The reward is the reward model's score plus the weighted sum of the features of the completion's
    response class. The scores are read from the rows (rm_score; for preferences rm_score_chosen and
    rm_score_rejected); otherwise --rm-url is asked for them; otherwise they are 0. The loss over
    ordered pairs is minimised to a proven optimum. All completions of a prompt are held out, or
    resampled for the intervals, together.
    """
    from rbrctl.errors import require_extra
    from rbrctl.reports.reward_fit import REPORT_NAME, REPORT_VERSION, FitReport
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.rewards.hand_set import hand_set_weights, judged_features, rank_ladder

    require_extra("numpy", "reward", "fitting weights")
    output = output_of(context)
    pins = [*(pin or ()), *(_renamed(output, "--fix", "--pin", fix) or ())]
    named = weights_from or _renamed(output, "--fixed", "--weights-from", fixed)
    check_output_paths(
        {"-o": out},
        {"the comparisons": comparisons, "--orderings": orderings, "--weights-from": named},
    )
    ruleset = load_rules(rules, output)
    levels = parse_numbers(level, "--level")
    ladder = rank_ladder(ruleset, margin, levels)
    options = FitOptions(
        loss=loss_named(loss),
        l2=parse_factor(l2),
        prior=ladder if prior is Prior.RANKS else {},
        yardstick=ladder,
        fixed=parse_numbers(pins, "--pin"),
        signs=parse_signs(sign),
        folds=folds,
        bootstrap=bootstrap,
        seed=seed,
    )
    if named is not None:
        refuse_unused(
            context,
            _ONLY_FOR_A_FIT,
            "applies to a fit, but --weights-from fits nothing: leave one of the two out",
        )
    hand_set = None if named is None else hand_set_weights(named, ruleset)
    dataset = load_dataset(
        output,
        Judge(ruleset),
        comparisons,
        pairing_options(order, orderings, pairs, response_class, margin, levels),
        choose_grader(grader, endpoint, ruleset, output),
        reward_model=RewardModelOptions(rm_url, rm_model, rm_key_env, given_by(context, "rm_url")),
        strict=strict,
        features=judged_features(hand_set or {}, ladder),
    )
    fits = _fit(output, dataset, options, hand_set)
    _warn_about_fits(output, fits, folds)
    _write(output, out, ruleset, dataset, options, fits, named)
    report = FitReport(ruleset.digest, fits, options, dataset.description, named)
    report_tables(
        output,
        report.tables,
        format_,
        name=REPORT_NAME,
        version=REPORT_VERSION,
        wide=wide,
        body=report.body,
    )
    return ExitCode.YES if dataset.is_complete else ExitCode.INCOMPLETE


def _renamed(output: Output, old: str, new: str, value: T) -> T:
    """Return the value of an option under its old name, and warn if it is used."""
    if value:
        output.warn(f"{old} is now called {new}; the old name still works, but will be removed")
    return value


def _warn_about_fits(output: Output, fits: "Mapping[str, ClassFit]", folds: int) -> None:
    for name, each in fits.items():
        if each.duality_gap > CERTIFIED:
            output.warn(
                f"{name}: the loss is only proved to be within {each.duality_gap:.1e} of the "
                "optimum: look for outliers among the rm_score"
            )
        if each.prompts < folds:
            prompts = counted(each.prompts, "prompt")
            output.info(f"{name}: there are {prompts}, so the number of folds is lower, too")


def _fit(
    output: Output,
    dataset: "Dataset",
    options: "FitOptions",
    hand_set: Mapping[str, Mapping[str, float]] | None,
) -> "dict[str, ClassFit]":
    from rbrctl.rewards.fitting.fit import fit, judge_hand_set, steps

    classes = dataset.comparisons.classes
    total = sum(steps(data, options) for data in classes.values())
    with Progress(output, "fitted", total) as progress:
        if hand_set is None:
            return fit(dataset.comparisons, options, progress.advance)
        return {
            name: judge_hand_set(data, hand_set[name], options, progress.advance)
            for name, data in classes.items()
        }


def _write(
    output: Output,
    path: str | None,
    ruleset: "RuleSet",
    dataset: "Dataset",
    options: "FitOptions",
    fits: "Mapping[str, ClassFit]",
    hand_set: str | None,
) -> None:
    from rbrctl.rewards.fitting.made_weights import made_weights
    from rbrctl.rewards.weights import write_weights

    if path is None:
        output.info("the weights are not written: -o WEIGHTS.yaml writes them")
        return
    about = {"hand_set": hand_set, **dataset.description}
    compared = dataset.comparisons
    write_weights(path, made_weights(ruleset, compared, fits, options, dataset.results, about))
    output.info(f"weights written to {path}")
