"""
The JSON report of ``rbrctl reward evaluate --weights``: can a reward be trained on?

``ruleset`` is the digest of the rules. What was compared and what was left out is described as in
the report ``reward-fit``, the intervals by ``bootstrap`` (resamples) and ``seed``. ``prompts``
counts the prompts, ``prompts_fitted_on`` those among them that the weights were fitted on, as far
as the weights file tells.

``error_rates`` has a row for all classes together (``response_class`` null) and each class, and for
``pairs``: ``all``, ``ideal`` (those with a completion of the best rank) and ``worse: RANK``. ``n``
counts them. For ``reward_model``, ``rules`` and ``both`` (their sum) there is the share of pairs in
which the worse completion is not below the better, the part of it that is ties (``both_ties``) and
the interval (``both_interval``).

``best_of`` has a row for each class, ``reward`` and ``n``: ``{"response_class", "reward",
"prompts", "n", "share", "interval"}``, the share of prompts in which the best of n completions by
that reward has the best rank. The interval is given for the largest n, otherwise null.

``spread`` has a row for each class and rank: ``{"response_class", "rank", "n", "mean", "deviation",
"counts"}``, of rewards minus the mean of their prompt. ``counts`` is a histogram with the bins of
``spread_edges``; the outer bins include what lies beyond.

    {"report": "reward-evaluate", "version": 2, "ruleset": "...", "prompts": 40,
     "prompts_fitted_on": 0, "error_rates": [...], "best_of": [...],
     "spread": [...], "spread_edges": [...], ...}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rbrctl.reports.rewards import RESPONSE_CLASS, interval, number, rate_cells
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Value, Wrap

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.best_of import BestOf
    from rbrctl.rewards.evaluation.error_rates import ErrorRow
    from rbrctl.rewards.evaluation.reward_parts import Distribution

REPORT_NAME = "reward-evaluate"
REPORT_VERSION = 2


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of a reward, and the data that they come from."""

    ruleset: str
    """The rule set's digest."""
    errors: Sequence["ErrorRow"]
    best: Sequence["BestOf"]
    spread: "Distribution"
    compared: Mapping[str, Any]
    """What was compared, and what was left out."""
    fitted_on: int
    """Prompts that the weights were fitted on."""
    prompts: int

    @property
    def for_people(self) -> list[Table]:
        """The tables for a terminal, where the distribution is drawn below them."""
        errors = error_table(self.errors)
        if self.fitted_on:
            title = f"{errors.title} (fitted on these prompts: {self.fitted_on} of {self.prompts})"
            errors = replace(errors, title=title)
        return [errors, *([best_of_table(self.best)] if self.best else [])]

    @property
    def for_documents(self) -> list[Table]:
        """The same tables, with the distribution in numbers."""
        return [*self.for_people, spread_table(self.spread)]

    @property
    def for_spreadsheets(self) -> list[Table]:
        """Tables whose columns are always the same."""
        best = best_of_rows_table(self.best)
        return [error_table(self.errors), best, spread_table(self.spread)]

    @property
    def for_programs(self) -> list[Table]:
        """Tables for JSON, which has the spread in its body."""
        return [error_table(self.errors), best_of_rows_table(self.best)]

    @property
    def body(self) -> dict[str, Any]:
        """The entries of the JSON report besides the tables."""
        spread = [
            {
                "response_class": row.response_class,
                "rank": row.label,
                "n": row.count,
                "mean": row.mean,
                "deviation": row.deviation,
                "counts": list(row.histogram),
            }
            for row in self.spread.rows
        ]
        return {
            "ruleset": self.ruleset,
            "prompts": self.prompts,
            "prompts_fitted_on": self.fitted_on,
            **self.compared,
            "spread": spread,
            "spread_edges": list(self.spread.edges),
        }


def error_table(rows: Sequence["ErrorRow"]) -> Table:
    """Return the table of error rates of the reward model alone, the rules alone, and both."""
    columns = [
        RESPONSE_CLASS,
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
        "Share of pairs in which the worse completion is not below the better; ideal: pairs with a "
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
        cells += rate_cells(rate)
    return cells


def best_of_table(rows: Sequence["BestOf"]) -> Table:
    """Return the table of how often the best of n has the best rank; ``rows`` is not empty."""
    numbers = list(rows[0].shares)
    columns = [
        RESPONSE_CLASS,
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
        "Share of prompts in which the completion with the highest reward, of n drawn, has the "
        f"best rank. Prompts with fewer than {numbers[-1]} completions are left out. The interval "
        "is that of the largest n."
    ]
    return Table("best_of", "Best of n", columns, table, notes)


def best_of_rows_table(rows: Sequence["BestOf"]) -> Table:
    """Return the same table with a row for each n, so that columns do not depend on the data."""
    columns = [
        RESPONSE_CLASS,
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
    """Return the table of how the reward is distributed over the completions of each rank."""
    columns = [
        RESPONSE_CLASS,
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
        "Rewards minus the mean of their prompt. The counts are those of bins of equal width "
        "between the two ends; the outer bins include what lies beyond."
    ]
    return Table("spread", f"Reward ({spread.kind}) by rank", columns, rows, notes)
