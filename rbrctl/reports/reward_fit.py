"""
The JSON report of ``rbrctl reward fit``: weights, and how well they order held-out pairs.

``ruleset`` is the digest of the rules and ``hand_set`` the value of ``--weights-from``, else null.
The options of the fit: ``loss``, ``l2`` (a number or ``auto``), ``prior``, ``fixed`` and ``signs``
by feature, ``folds``, ``bootstrap``, ``seed``, ``confidence``, ``tolerance`` (of the duality gap).

What was compared: ``order`` (what says which completion is better), ``pairs`` (``prompt``,
``class`` or ``preference``), ``margin`` (null where there are ``levels``), ``orderings``,
``reward_model`` (false, true, or its name) and ``response_class`` (of completions without one).
What was not: ``bad_lines``, ``left_out`` (a count by reason), ``contradictions`` (lists of ids),
``prompts_without_pairs``, ``classes_without_pairs``.

``fits`` has a row for each response class: ``{"response_class", "prompts", "completions", "pairs",
"l2", "baseline_loss", "training_loss", "held_out_loss", "training_error", "duality_gap",
"iterations"}``; null if nothing was fitted or held out. ``held_out`` has ``{"response_class",
"pairs"}`` and, for ``baseline`` (all weights zero), ``yardstick`` (hand-set by rank) and
``fitted``, the error rate, the part of it that is ties (``fitted_ties``) and its interval
(``fitted_interval``). ``weights`` has ``{"response_class", "feature", "weight", "interval",
"spread", "note"}``; the spread is the feature's standard deviation, and the note is ``fixed``,
``hand-set``, ``constant``, ``does nothing`` or empty.

    {"report": "reward-fit", "version": 2, "ruleset": "...", "order": "labels",
     "fits": [...], "held_out": [...], "weights": [...], ...}
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rbrctl.reports.rewards import RESPONSE_CLASS, interval, number, rate_cells
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Value, Wrap
from rbrctl.reports.terminal import Tone

if TYPE_CHECKING:
    from rbrctl.rewards.fitting.fit import ClassFit
    from rbrctl.rewards.fitting.fitted_weights import FittedWeight
    from rbrctl.rewards.fitting.options import FitOptions

REPORT_NAME = "reward-fit"
REPORT_VERSION = 2


@dataclass(frozen=True, slots=True)
class FitReport:
    """The fits of all classes, the options, and the data."""

    ruleset: str
    """The rule set's digest."""
    fits: Mapping[str, "ClassFit"]
    options: "FitOptions"
    compared: Mapping[str, Any]
    """What was compared, and what was left out."""
    hand_set: str | None = None
    """The name of hand-set weights."""

    @property
    def tables(self) -> list[Table]:
        """The fits, the error rates on held-out prompts, and the weights."""
        return fit_tables(self.fits, self.options.loss.name)

    @property
    def body(self) -> dict[str, Any]:
        """The entries of the JSON report besides the tables."""
        from rbrctl.rewards.fitting.made_weights import described_options

        options = described_options(self.options)
        return {"ruleset": self.ruleset, "hand_set": self.hand_set, **options, **self.compared}


def fit_tables(fits: Mapping[str, "ClassFit"], loss: str) -> list[Table]:
    """
    Return the tables of the fits, of the error rates on held-out prompts, and of the weights.

    ``loss`` is the name of the loss that was fitted.
    """
    return [_fits(fits, loss), _held_out(fits), _weights(fits)]


def _fits(fits: Mapping[str, "ClassFit"], loss: str) -> Table:
    columns = [
        RESPONSE_CLASS,
        Column("prompts", "prompts", numeric=True),
        Column("completions", "completions", numeric=True, priority=WIDE_ONLY),
        Column("pairs", "pairs", numeric=True),
        Column("l2", "L2", numeric=True),
        Column("baseline_loss", "loss at 0", numeric=True, priority=WIDE_ONLY),
        Column("training_loss", "loss", numeric=True),
        Column("held_out_loss", "held out", numeric=True),
        Column("training_error", "error", numeric=True),
        Column("duality_gap", "duality gap", numeric=True, decimals=9, priority=WIDE_ONLY),
        Column("iterations", "iterations", numeric=True, priority=WIDE_ONLY),
    ]
    rows: list[list[Cell | Value]] = [
        [
            fit.response_class,
            fit.prompts,
            fit.completions,
            fit.pairs,
            fit.l2 if fit.is_fitted else None,
            number(fit.baseline_loss),
            number(fit.training_loss),
            number(fit.held_out.loss) if fit.is_fitted else None,
            number(fit.training_error.rate),
            fit.duality_gap if fit.is_fitted else None,
            fit.iterations if fit.is_fitted else None,
        ]
        for fit in fits.values()
    ]
    fitted = [fit for fit in fits.values() if fit.is_fitted]
    held_out = any(math.isfinite(fit.held_out.loss) for fit in fitted)
    notes = [
        f"Loss: the mean {loss} loss of all pairs; error: the share of them in the wrong order."
        + (" Held out: the loss by weights that were fitted without a pair's prompts." * held_out),
        *([_certificate(fitted)] if fitted else ()),
    ]
    return Table("fits", "Fit" if fitted else "Hand-set weights", columns, rows, notes)


def _certificate(fits: Sequence["ClassFit"]) -> str:
    gap = max(fit.duality_gap for fit in fits)
    radius = min(fit.radius for fit in fits)
    proved = f"Every objective is within {gap:.1e} of the best possible (duality gap)"
    if math.isinf(radius):
        return f"{proved}."
    return (
        f"{proved}; without L2 that holds for weights whose absolute values, each times the "
        f"largest difference of its feature, sum to at most {radius:.1g}."
    )


def _held_out(fits: Mapping[str, "ClassFit"]) -> Table:
    columns = [RESPONSE_CLASS, Column("pairs", "pairs", numeric=True)]
    own = "fitted" if any(fit.is_fitted for fit in fits.values()) else "hand-set"
    for key, title in (("baseline", "reward model"), ("yardstick", "by rank"), ("fitted", own)):
        priority = 0 if key == "fitted" else WIDE_ONLY
        columns += [
            Column(key, title, numeric=True),
            Column(f"{key}_ties", "of these ties", numeric=True, priority=WIDE_ONLY),
            Column(
                f"{key}_interval", "95 % interval", numeric=True, interval=True, priority=priority
            ),
        ]
    rows: list[list[Cell | Value]] = []
    for fit in fits.values():
        if fit.held_out.fitted.pairs:
            rates = (fit.held_out.baseline, fit.held_out.yardstick, fit.held_out.fitted)
            cells = [value for rate in rates for value in rate_cells(rate)]
            rows.append([fit.response_class, fit.held_out.fitted.pairs, *cells])
    fitted = any(fit.is_fitted for fit in fits.values())
    by = ", each pair judged by weights that were fitted without its prompts" if fitted else ""
    notes = [
        f"Share of pairs whose worse completion is not below the better{by}.",
        "Reward model: all weights zero, ties count as errors.",
    ]
    if any(fit.held_out.yardstick.pairs for fit in fits.values()):
        notes[-1] += " By rank: hand-set weights, one margin more for each better rank."
    title = "Error rates on held-out prompts" if fitted else "Error rates"
    return Table("held_out", title, columns, rows, notes, optional=True)


_NOTES = (
    ("constant", "the feature is the same for every completion of a pair"),
    ("does nothing", "without the feature the loss is the same"),
)


def _weights(fits: Mapping[str, "ClassFit"]) -> Table:
    columns = [
        RESPONSE_CLASS,
        Column("feature", "feature", wrap=Wrap.NAMES),
        Column("weight", "weight", numeric=True),
        Column("interval", "95 % interval", numeric=True, interval=True),
        Column("spread", "spread", numeric=True, priority=WIDE_ONLY),
        Column("note", "note", wrap=Wrap.WORDS),
    ]
    rows = [_weight(fit.response_class, each) for fit in fits.values() for each in fit.weights]
    notes = [
        f"{fit.response_class}: {fit.without_optimum} resamples have no optimum (--l2 gives them "
        "one), and are left out of the intervals."
        for fit in fits.values()
        if fit.without_optimum
    ]
    found = {each.note for fit in fits.values() for each in fit.weights}
    notes += [f"{note.capitalize()}: {meaning}." for note, meaning in _NOTES if note in found]
    return Table("weights", "Weights", columns, rows, notes)


def _weight(response_class: str, each: "FittedWeight") -> list[Cell | Value]:
    tone = Tone.MUTED if each.note in ("constant", "does nothing") else None
    return [
        response_class,
        Cell(each.feature, tone),
        each.weight,
        interval(each.low, each.high),
        each.spread,
        Cell(each.note, tone),
    ]
