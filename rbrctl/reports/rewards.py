"""Tables of a reward: its fit, its error rates, and a policy's safety figures."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Interval, Table, Value, Wrap
from rbrctl.reports.terminal import Tone

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.best_of import BestOf
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
    tables = [_fits(fits), _weights(fits)]
    if any(fit.held_out.fitted.pairs for fit in fits.values()):
        tables.insert(1, _held_out(fits))
    return tables


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
            fit.l2,
            number(fit.baseline_loss),
            number(fit.training_loss),
            number(fit.held_out.loss),
            number(fit.training_error.rate),
            fit.duality_gap,
            fit.iterations,
        ]
        for fit in fits.values()
    ]
    return Table("fits", "Fit", columns, rows, [_certificate(fits)])


def _certificate(fits: Mapping[str, "ClassFit"]) -> str:
    gap = max(fit.duality_gap for fit in fits.values())
    radius = min(fit.radius for fit in fits.values())
    proved = f"Every objective is within {gap:.1e} of the best possible (duality gap)"
    if math.isinf(radius):
        return f"{proved}."
    return (
        f"{proved}; without L2 that is the best of weights up to {radius:.1g} in absolute sum, "
        "each times the largest difference of its feature."
    )


_KINDS = (("baseline", "reward model"), ("yardstick", "by rank"), ("fitted", "fitted"))


def _held_out(fits: Mapping[str, "ClassFit"]) -> Table:
    columns = [_CLASS, Column("pairs", "pairs", numeric=True)]
    for key, title in _KINDS:
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
        rates = (fit.held_out.baseline, fit.held_out.yardstick, fit.held_out.fitted)
        cells = [value for rate in rates for value in _rate(rate)]
        rows.append([fit.response_class, fit.held_out.fitted.pairs, *cells])
    notes = [
        "Share of pairs whose worse completion is not below the better, each pair judged by "
        "weights that were fitted without its prompts.",
        "Reward model: all weights zero, ties count as errors. By rank: hand-set weights, one "
        "margin more for each better rank.",
    ]
    return Table("held_out", "Error rates on held-out prompts", columns, rows, notes)


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
