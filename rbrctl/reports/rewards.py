"""Tables of a reward: its fit, its error rates, and a policy's safety figures."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Interval, Table, Value, Wrap
from rbrctl.reports.terminal import Tone

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.best_of import BestOf
    from rbrctl.rewards.evaluation.distribution import Distribution
    from rbrctl.rewards.evaluation.error_rates import ErrorRate
    from rbrctl.rewards.evaluation.error_rows import ErrorRow
    from rbrctl.rewards.fitting.fit import ClassFit
    from rbrctl.rewards.fitting.fitted_weights import FittedWeight

_CLASS = Column("response_class", "response class", wrap=Wrap.NAMES)


def number(value: float) -> float | None:
    """Give a number that every format can hold: None for NaN."""
    return value if math.isfinite(value) else None


def interval(low: float, high: float) -> Interval | None:
    """Give an interval; None where it is not known."""
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def fit_tables(fits: Mapping[str, "ClassFit"]) -> list[Table]:
    """Draw the fit of every class, what it is worth on held-out prompts, and every weight."""
    return [_fits(fits), _held_out(fits), _weights(fits)]


def _fits(fits: Mapping[str, "ClassFit"]) -> Table:
    columns = [
        _CLASS,
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
        "Loss: the mean over all pairs; error: the share of them in the wrong order."
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
        f"{proved}; without L2 that is the best of weights up to {radius:.1g} in absolute sum, "
        "each times the largest difference of its feature."
    )


def _held_out(fits: Mapping[str, "ClassFit"]) -> Table:
    columns = [_CLASS, Column("pairs", "pairs", numeric=True)]
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
            cells = [value for rate in rates for value in _rate(rate)]
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
        _CLASS,
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


def error_table(rows: Sequence["ErrorRow"]) -> Table:
    """Draw the error rates of the reward model alone, the rules alone, and both."""
    columns = [
        _CLASS,
        Column("pairs", "pairs", wrap=Wrap.WORDS),
        Column("n", "n", numeric=True),
    ]
    for key, title in (("reward_model", "reward model"), ("rules", "rules"), ("both", "both")):
        columns += [
            Column(key, title, numeric=True),
            Column(f"{key}_ties", "of these ties", numeric=True, priority=WIDE_ONLY),
            Column(
                f"{key}_interval",
                "95 % interval",
                numeric=True,
                interval=True,
                priority=0 if key == "both" else WIDE_ONLY,
            ),
        ]
    table = [_error_row(row) for row in rows]
    notes = [
        "Share of pairs whose worse completion is not below the better; ideal: pairs with a "
        "completion of the best rank."
    ]
    return Table("error_rates", "Error rates", columns, table, notes)


def _error_row(row: "ErrorRow") -> list[Cell | Value]:
    cells: list[Cell | Value] = [
        Cell(row.response_class, text=row.response_class or "all classes"),
        row.pairs,
        next(iter(row.rates.values())).pairs,
    ]
    for rate in row.rates.values():
        cells += _rate(rate)
    return cells


def _rate(rate: "ErrorRate") -> list[Cell | Value]:
    return [number(rate.rate), number(rate.ties), interval(rate.low, rate.high)]


def best_of_table(rows: Sequence["BestOf"]) -> Table:
    """Draw how often the best of n by each reward is of the best rank; of at least one row."""
    numbers = list(rows[0].shares)
    columns = [
        _CLASS,
        Column("reward", "reward"),
        Column("prompts", "prompts", numeric=True),
        *(Column(f"best_of_{number}", f"n = {number}", numeric=True) for number in numbers),
        Column("interval", "95 % interval", numeric=True, interval=True),
    ]
    table: list[list[Cell | Value]] = [
        [
            Cell(row.response_class, text=row.response_class or "all classes"),
            row.kind,
            row.prompts,
            *(number(row.shares[each]) for each in numbers),
            interval(row.low, row.high),
        ]
        for row in rows
    ]
    notes = [
        "Share of prompts where the completion of highest reward, of n drawn, is of the best rank; "
        f"prompts with fewer than {numbers[-1]} completions left out. The interval is of the last."
    ]
    return Table("best_of", "Best of n", columns, table, notes)


def best_of_rows_table(rows: Sequence["BestOf"]) -> Table:
    """Draw the same with a row for each n, so that columns do not depend on the data."""
    columns = [
        _CLASS,
        Column("reward", "reward"),
        Column("prompts", "prompts", numeric=True),
        Column("n", "n", numeric=True),
        Column("share", "share", numeric=True),
        Column("interval", "95 % interval", numeric=True, interval=True),
    ]
    table: list[list[Cell | Value]] = [
        [
            row.response_class,
            row.kind,
            row.prompts,
            each,
            number(share),
            interval(row.low, row.high) if each == max(row.shares) else None,
        ]
        for row in rows
        for each, share in row.shares.items()
    ]
    return Table("best_of", "Best of n", columns, table)


def spread_table(spread: "Distribution") -> Table:
    """Draw how the reward is spread over the completions of each rank, as numbers."""
    columns = [
        _CLASS,
        Column("rank", "rank", wrap=Wrap.NAMES),
        Column("n", "n", numeric=True),
        Column("mean", "mean", numeric=True),
        Column("deviation", "deviation", numeric=True),
        Column("edges", "from, to", numeric=True, interval=True),
        Column("counts", "counts"),
    ]
    ends = (spread.edges[0], spread.edges[-1])
    rows: list[list[Cell | Value]] = [
        [
            row.response_class,
            row.label,
            row.count,
            row.mean,
            row.deviation,
            ends,
            " ".join(map(str, row.histogram)),
        ]
        for row in spread.rows
    ]
    notes = [
        "Rewards less the mean of their prompt; counts are those of bins of one width between the "
        "two ends, and the outer ones take what lies beyond."
    ]
    return Table("spread", f"Reward ({spread.kind}) by rank", columns, rows, notes)
