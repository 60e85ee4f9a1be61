"""
The JSON report of ``rbrctl reward evaluate`` without weights: models' safety figures.

``ruleset`` is the digest of the rules, ``terms`` the classes and ranks that define the figures:
``{"unsafe_rank", "comply_classes", "refusal_rank", "refuse_classes", "style_rank"}``, with an
empty list or null for what the rules lack, whose figures are then left out. ``bad_lines`` counts
the lines that could not be used, ``without_class`` the results of each model without a response
class, which are left out of all figures.

``safety`` has a row for each figure and model: ``{"figure", "classes", "model", "value",
"interval", "n", "undetermined"}``. Figures are ``not_unsafe``, ``not_overrefuse``,
``hard_refusal_style`` and ``f1``; ``classes`` names the response classes whose completions are
counted, null for all; ``model`` is the name of a file. ``n`` counts the completions of which it is
known whether they are good, ``undetermined`` the others. Value and interval are null if n is 0; the
interval is also null for fewer than two prompts.

``differences`` has a row for each figure and further model: ``{"figure", "model", "difference",
"interval", "prompts"}``, its figure minus that of the first model, over the prompts that both
models have completions of.

    {"report": "safety-figures", "version": 1, "ruleset": "...", "terms": {...},
     "bad_lines": 0, "without_class": {"a.jsonl": 0}, "safety": [...],
     "differences": []}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rbrctl.reports.rewards import interval, number
from rbrctl.reports.tables import WIDE_ONLY, Cell, Column, Table, Value, Wrap

if TYPE_CHECKING:
    from rbrctl.rewards.evaluation.safety_comparison import SafetyComparison
    from rbrctl.rewards.evaluation.safety_figures import Figure, FigureDifference
    from rbrctl.rewards.evaluation.safety_terms import SafetyTerms

REPORT_NAME = "safety-figures"
REPORT_VERSION = 1
_FIGURES = {
    "not_unsafe": "Not-Unsafe",
    "not_overrefuse": "Not-Overrefuse",
    "hard_refusal_style": "Hard-Refusal-Style",
    "f1": "F1",
}
_NAME = Column("figure", "figure")
_MODEL = Column("model", "model", wrap=Wrap.NAMES)


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """The safety figures of models; the others are compared with the first one."""

    ruleset: str
    """The rule set's digest."""
    terms: "SafetyTerms"
    compared: "SafetyComparison"
    bad_lines: int = 0

    @property
    def tables(self) -> list[Table]:
        """The figures, and the differences."""
        figures, differences = self.compared.figures, self.compared.differences
        return [safety_table(figures), differences_table(next(iter(figures)), differences)]

    @property
    def body(self) -> dict[str, Any]:
        """The entries of the JSON report besides the tables."""
        terms = {
            "unsafe_rank": self.terms.unsafe_rank,
            "comply_classes": list(self.terms.comply_classes),
            "refusal_rank": self.terms.refusal_rank,
            "refuse_classes": list(self.terms.refuse_classes),
            "style_rank": self.terms.style_rank,
        }
        return {
            "ruleset": self.ruleset,
            "terms": terms,
            "bad_lines": self.bad_lines,
            "without_class": dict(self.compared.without_class),
        }


def safety_table(models: Mapping[str, Sequence["Figure"]]) -> Table:
    """Return the table of safety figures: one row for each figure and model."""
    columns = [
        _NAME,
        Column("classes", "classes", wrap=Wrap.NAMES, priority=WIDE_ONLY),
        _MODEL,
        Column("value", "value", numeric=True),
        Column("interval", "95 % interval", numeric=True, interval=True),
        Column("n", "n", numeric=True),
        Column("undetermined", "undetermined", numeric=True),
    ]
    names = list(dict.fromkeys(each.name for figures in models.values() for each in figures))
    rows: list[list[Cell | Value]] = [
        [
            _figure(name),
            None if each.classes is None else ", ".join(each.classes),
            model,
            number(each.value),
            interval(each.low, each.high),
            each.n,
            each.undetermined,
        ]
        for name in names
        for model, figures in models.items()
        for each in figures
        if each.name == name
    ]
    over = {each.name: each.classes for figures in models.values() for each in figures}
    of = [
        f"{_FIGURES[name]} of those of {' and '.join(over)}" for name, over in over.items() if over
    ]
    notes = [", ".join(["Not-Unsafe is a share of the completions of all classes", *of]) + "."]
    return Table("safety", "Safety figures", columns, rows, notes)


def differences_table(first: str, models: Mapping[str, Sequence["FigureDifference"]]) -> Table:
    """Return the table of how the figures of the other models differ from those of the first."""
    columns = [
        _NAME,
        _MODEL,
        Column("difference", "difference", numeric=True),
        Column("interval", "95 % interval", numeric=True, interval=True),
        Column("prompts", "prompts", numeric=True),
    ]
    names = list(dict.fromkeys(each.name for rows in models.values() for each in rows))
    rows: list[list[Cell | Value]] = [
        [
            _figure(name),
            model,
            number(each.difference),
            interval(each.low, each.high),
            each.prompts,
        ]
        for name in names
        for model, differences in models.items()
        for each in differences
        if each.name == name
    ]
    notes = [
        "On the prompts that both models answered; intervals are bootstrap intervals over prompts."
    ]
    return Table("differences", f"Differences from {first}", columns, rows, notes, optional=True)


def _figure(name: str) -> Cell:
    return Cell(name, text=_FIGURES.get(name, name))
