"""``rbrctl reward fit``: weights from comparisons, with what they are worth."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rbrctl.cli.endpoint_options import EndpointOptions, with_endpoint
from rbrctl.cli.exit_codes import ExitCode
from rbrctl.cli.formats import report_tables
from rbrctl.cli.graders import GraderOption
from rbrctl.cli.options import TableFormat, TableFormatOption, WideOption, output_of
from rbrctl.cli.output import Output
from rbrctl.cli.products import check_products
from rbrctl.cli.progress import Progress
from rbrctl.cli.reward_model import RewardModelOptions
from rbrctl.cli.reward_options import (
    Order,
    OrderingsOption,
    OrderOption,
    PairsOption,
    ResponseClassOption,
    RmKeyOption,
    RmModelOption,
    RmUrlOption,
    StrictOption,
    parse_numbers,
    parse_signs,
)
from rbrctl.cli.rewards import Gathered, gather, grader_opener
from rbrctl.cli.rules import RulesOption, load_rules
from rbrctl.errors import UsageError
from rbrctl.ruleset.verdict import Judge
from rbrctl.suggestions import did_you_mean

if TYPE_CHECKING:
    from rbrctl.rewards.fitting.fit import ClassFit
    from rbrctl.rewards.fitting.options import FitOptions
    from rbrctl.ruleset.model import RuleSet

REPORT_VERSION = 1
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
    pairs: PairsOption = "prompt",
    response_class: ResponseClassOption = None,
    rm_url: RmUrlOption = None,
    rm_model: RmModelOption = None,
    rm_key_env: RmKeyOption = None,
    loss: Annotated[
        str, typer.Option("--loss", metavar="LOSS", help="hinge, or logistic (Bradley-Terry).")
    ] = "hinge",
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
        str,
        typer.Option(
            "--prior",
            metavar="WEIGHTS",
            help="Where --l2 pulls: ranks (one margin more for each better rank) or zero.",
        ),
    ] = "ranks",
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
    format_: TableFormatOption = TableFormat.TEXT,
    wide: WideOption = False,
) -> ExitCode:
    """
    Fit the reward's weights so that better completions score above worse ones.

    The reward is the reward model's score (rm_score in the rows, else what --rm-url says, else 0)
    plus the weighted sum of the features of the completion's response class. The hinge loss over
    ordered pairs is solved to a proven optimum; prompts are held out whole, and drawn whole for the
    intervals.
    """
    from rbrctl.reports.rewards import fit_tables
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
        l2=_factor(l2),
        prior=_prior(prior, ladder),
        yardstick=ladder,
        fixed=parse_numbers(fix, "--fix"),
        signs=parse_signs(sign),
        folds=folds,
        bootstrap=bootstrap,
        seed=seed,
    )
    hand_set = _hand_set(fixed, ruleset) if fixed else None
    gathered = gather(
        output,
        Judge(ruleset),
        comparisons,
        Order(order, orderings, pairs, margin, levels, response_class),
        grader_opener(grader, endpoint, ruleset, output),
        reward_model=RewardModelOptions(rm_url, rm_model, rm_key_env),
        strict=strict,
        features={name: tuple(each) for name, each in (hand_set or {}).items()},
    )
    fits = _fit(output, gathered, options, hand_set)
    for name, each in fits.items():
        if each.duality_gap > CERTIFIED:
            output.warn(
                f"{name}: the weights are proved to be the best only to within "
                f"{each.duality_gap:.1e} of the loss: look for outlying rm_score"
            )
    if out is not None:
        _write(out, ruleset, gathered, options, fits, margin)
        output.talk(f"weights written to {out}")
    else:
        output.talk("nothing is kept without -o WEIGHTS.yaml")
    report_tables(
        output,
        fit_tables(fits),
        format_,
        name="reward-fit",
        version=REPORT_VERSION,
        wide=wide,
        body={
            "loss": loss,
            "l2": l2,
            "prior": prior,
            "ruleset": ruleset.digest,
            **gathered.described,
        },
    )
    return ExitCode.YES if gathered.complete else ExitCode.INCOMPLETE


def _factor(text: str) -> float | None:
    """Read --l2; None for auto."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--l2 {text}: give a number, 0 for none, or auto") from None


def _prior(name: str, ladder: Mapping[str, float]) -> Mapping[str, float]:
    if name not in ("ranks", "zero"):
        raise UsageError(f"--prior is ranks or zero, not '{name}'")
    return ladder if name == "ranks" else {}


def _fit(
    output: Output,
    gathered: Gathered,
    options: "FitOptions",
    hand_set: Mapping[str, Mapping[str, float]] | None,
) -> "dict[str, ClassFit]":
    from dataclasses import replace

    from rbrctl.rewards.fitting.fit import fit, fit_class, steps

    classes = gathered.comparisons.classes
    total = sum(steps(data, options) for data in classes.values())
    with Progress(output, "fitted", total) as progress:
        advance = progress.advance
        if hand_set is None:
            return fit(gathered.comparisons, options, advance)
        if options.fixed or options.signs:
            raise UsageError("--fixed fits nothing: leave out --fix and --sign")
        return {
            name: fit_class(data, replace(options, fixed=hand_set[name]), advance)
            for name, data in classes.items()
        }


def _hand_set(fixed: str, ruleset: "RuleSet") -> dict[str, Mapping[str, float]]:
    from rbrctl.rewards.hand_set import PRESETS, preset_weights
    from rbrctl.rewards.weights_file import read_weights

    if fixed in PRESETS:
        return {name: preset_weights(fixed, ruleset) for name in ruleset.response_classes}
    if (hint := did_you_mean(fixed, PRESETS)) and not Path(fixed).exists():
        raise UsageError(f"--fixed {fixed}: there is no such file; {hint}")
    weights = read_weights(fixed)
    weights.check(ruleset)
    return {name: weights.classes.get(name, {}) for name in ruleset.response_classes}


def _write(
    path: str,
    ruleset: "RuleSet",
    gathered: Gathered,
    options: "FitOptions",
    fits: "Mapping[str, ClassFit]",
    margin: float,
) -> None:
    from rbrctl.records.models import RuleSetIdentity
    from rbrctl.reports.rewards import number
    from rbrctl.rewards.weights import Weights
    from rbrctl.rewards.weights_file import write_weights

    graders = {result.grader for result in gathered.results}
    weights = Weights(
        ruleset=RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest),
        classes={name: each.vector for name, each in fits.items()},
        grader=graders.pop() if len(graders) == 1 else None,
        fit={
            "loss": options.loss,
            "margin": margin,
            "seed": options.seed,
            **gathered.described,
            "response_classes": {
                name: {
                    "prompts": each.prompts,
                    "pairs": each.pairs,
                    "l2": each.l2,
                    "training_loss": round(each.training_loss, 6),
                    "duality_gap": float(f"{each.duality_gap:.1e}"),
                    "held_out_error": number(round(each.held_out.fitted.rate, 6)),
                }
                for name, each in fits.items()
            },
        },
    )
    write_weights(path, weights)
