"""
The weights of a fit with their provenance, and the check whether a test is on training data.

The provenance says how to fit the weights again, and holds a mark of every prompt that they were
fitted on.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rbrctl.records.models import Result, RuleSetIdentity
from rbrctl.rewards.fitting.fit import ClassFit
from rbrctl.rewards.fitting.options import FitOptions
from rbrctl.rewards.pairs.compare import Comparisons, paired_prompts
from rbrctl.rewards.weights import Weights
from rbrctl.ruleset.model import RuleSet

DECIMALS = 6
MARKS_KEY = "prompt_marks"
"""The key of a weights file's ``fit`` that holds the marks."""
MARK_LENGTH = 10
"""Hexadecimal digits of a mark: 100,000 prompts and as many others share none by chance."""
MAX_MARKS = 20_000
"""The number of marks that are kept: the lowest ones, which are a random sample of them."""
_MARKS = re.compile(rf"[0-9a-f]{{{MARK_LENGTH}}}(?: [0-9a-f]{{{MARK_LENGTH}}})*")


def made_weights(
    ruleset: RuleSet,
    comparisons: Comparisons,
    fits: Mapping[str, ClassFit],
    options: FitOptions,
    results: Iterable[Result] = (),
    about: Mapping[str, Any] | None = None,
) -> Weights:
    """
    Return the weights of a fit, ready to be written.

    Args:
        ruleset: The rules that the features follow from.
        comparisons: The pairs that the weights were fitted to.
        fits: The fits by response class.
        options: The options of the fit.
        results: The results that were compared; the weights name their grader.
        about: More about the fit: what ordered the completions, what was left out.

    """
    fitted = any(fit.is_fitted for fit in fits.values())
    graders = {result.grader for result in results} if fitted else set()
    return Weights(
        ruleset=RuleSetIdentity.of(ruleset),
        classes={name: each.vector for name, each in fits.items()},
        grader=graders.pop() if len(graders) == 1 else None,
        fit={
            **described_options(options),
            **(about or {}),
            "response_classes": {name: _figures(each) for name, each in fits.items()},
            MARKS_KEY: marks_of(_prompts(comparisons)) if fitted else "",
        },
    )


def described_options(options: FitOptions) -> dict[str, Any]:
    """Return the options of a fit as values for YAML and JSON."""
    return {
        "folds": options.folds,
        "bootstrap": options.bootstrap,
        "seed": options.seed,
        "confidence": options.confidence,
        "tolerance": options.tolerance,
        "loss": options.loss.name,
        "l2": "auto" if options.l2 is None else options.l2,
        "prior": dict(options.prior),
        "fixed": dict(options.fixed),
        "signs": dict(options.signs),
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


def marks_of(prompts: Iterable[str]) -> str:
    """Return the marks of prompts, given by their digests: sorted, with spaces between."""
    return " ".join(sorted(set(map(_mark, prompts)))[:MAX_MARKS])


def fitted_on(fit: Mapping[str, Any], prompts: Iterable[str]) -> int:
    """
    Return how many of the prompts are among those of a weights file's ``fit``.

    If the weights were fitted on more than MAX_MARKS prompts it is a lower limit; for a file
    without marks it is 0.
    """
    text = fit.get(MARKS_KEY)
    if not isinstance(text, str) or _MARKS.fullmatch(text) is None:
        return 0
    marks = frozenset(text.split(" "))
    return sum(_mark(prompt) in marks for prompt in set(prompts))


def _mark(prompt: str) -> str:
    """Return a short digest of a prompt's digest."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:MARK_LENGTH]
