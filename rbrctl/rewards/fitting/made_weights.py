"""What a fit leaves behind: the weights with all that is needed to fit them again."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rbrctl.records.models import Result, RuleSetIdentity
from rbrctl.rewards.comparisons.compare import Comparisons, paired_prompts
from rbrctl.rewards.fitting.fit import ClassFit
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.fitting.prompt_marks import KEY, marks_of
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.model import RuleSet

DECIMALS = 6


def made_weights(
    ruleset: RuleSet,
    comparisons: Comparisons,
    fits: Mapping[str, ClassFit],
    options: FitOptions,
    results: Iterable[Result] = (),
    about: Mapping[str, Any] | None = None,
) -> Weights:
    """
    Make the weights of a fit, ready to be written.

    ``results`` are those that were compared, for their grader; ``about`` is what else should be
    known of the fit: what ordered the completions, what was left out.
    """
    fitted = any(fit.is_fitted for fit in fits.values())
    graders = {result.grader for result in results} if fitted else set()
    return Weights(
        ruleset=RuleSetIdentity(ruleset.name, ruleset.version, ruleset.digest),
        classes={name: each.vector for name, each in fits.items()},
        grader=graders.pop() if len(graders) == 1 else None,
        fit={
            **described_options(options),
            **(about or {}),
            "response_classes": {name: _figures(each) for name, each in fits.items()},
            KEY: marks_of(_prompts(comparisons)) if fitted else "",
        },
    )


def described_options(options: FitOptions) -> dict[str, Any]:
    """Say what a fit was asked to do, in values that YAML and JSON hold."""
    asked = asdict(options)
    return {
        **{key: asked[key] for key in ("folds", "bootstrap", "seed", "confidence", "tolerance")},
        "loss": str(options.loss),
        "l2": "auto" if options.l2 is None else options.l2,
        **{key: dict(asked[key]) for key in ("prior", "fixed", "signs")},
    }


def _figures(fit: ClassFit) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "prompts": fit.prompts,
        "pairs": fit.pairs,
        "training_loss": _rounded(fit.training_loss),
        "held_out_error": _rounded(fit.held_out.fitted.rate),
    }
    if fit.is_fitted:
        figures |= {"l2": fit.l2, "duality_gap": float(f"{fit.duality_gap:.1e}")}
    return figures


def _rounded(value: float) -> float | None:
    return round(value, DECIMALS) if math.isfinite(value) else None


def _prompts(comparisons: Comparisons) -> Iterable[str]:
    for data in comparisons.classes.values():
        for number in paired_prompts(data):
            yield data.prompt_digests[number]
