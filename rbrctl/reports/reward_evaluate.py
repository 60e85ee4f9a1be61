"""
The JSON report of ``rbrctl reward evaluate --weights``: is a reward fit to train on?

``ruleset`` is the digest of the rules. What was compared and what was not is told as in the report
``reward-fit``, and the intervals by ``bootstrap`` (resamples) and ``seed``. ``prompts`` counts the
prompts, ``prompts_fitted_on`` those among them that the weights were fitted on, as far as the
weights file tells.

``error_rates`` has a row for all classes together (``response_class`` null) and each class, and for
``pairs``: ``all``, ``ideal`` (those with a completion of the best rank) and ``worse: RANK``. ``n``
counts them. For ``reward_model``, ``rules`` and ``both`` (their sum) there is the share of pairs
whose worse completion is not below the better, the part of it that is ties (``both_ties``) and the
interval (``both_interval``).

``best_of`` has a row for each class, ``reward`` and ``n``: ``{"response_class", "reward",
"prompts", "n", "share", "interval"}``, the share of prompts where the best of n completions by that
reward is of the best rank. The interval is that of the largest n, else null.

``spread`` has a row for each class and rank: ``{"response_class", "rank", "n", "mean", "deviation",
"counts"}``, of rewards from which the mean of their prompt was taken. ``counts`` is a histogram
between ``spread_edges``; the outer bins take what lies beyond.

    {"report": "reward-evaluate", "version": 2, "ruleset": "...", "prompts": 40,
     "prompts_fitted_on": 0, "error_rates": [...], "best_of": [...],
     "spread": [...], "spread_edges": [...], ...}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rbrctl.reports.rewards import best_of_rows_table, best_of_table, error_table, spread_table
from rbrctl.reports.tables import Table

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.best_of import BestOf
    from rbrctl.rewards.evaluation.distribution import Distribution
    from rbrctl.rewards.evaluation.error_rows import ErrorRow

REPORT_NAME = "reward-evaluate"
REPORT_VERSION = 2


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """A reward's figures, and what they were made from."""

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
        """The tables of a terminal, where the spread is drawn below them."""
        errors = error_table(self.errors)
        if self.fitted_on:
            title = f"{errors.title} (fitted on these prompts: {self.fitted_on} of {self.prompts})"
            errors = replace(errors, title=title)
        return [errors, *([best_of_table(self.best)] if self.best else [])]

    @property
    def for_documents(self) -> list[Table]:
        """The same with the spread in numbers."""
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
        """What JSON has besides the tables."""
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
