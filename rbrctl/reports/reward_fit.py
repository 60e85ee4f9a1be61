"""
The JSON report of ``rbrctl reward fit``: weights, and what they are worth.

``ruleset`` is the digest of the rules and ``hand_set`` what ``--fixed`` named, else null. What the
fit was asked to do: ``loss``, ``l2`` (a number or ``auto``), ``prior``, ``fixed`` and ``signs`` by
feature, ``folds``, ``bootstrap``, ``seed``, ``confidence``, ``tolerance`` (of the duality gap).

What was compared: ``order`` (what says which completion is better), ``pairs`` (``prompt``,
``class`` or ``preference``), ``margin`` (null where there are ``levels``), ``orderings``,
``reward_model`` (false, true, or its name) and ``response_class`` (of completions without one).
What was not: ``bad_lines``, ``left_out`` (a count by reason), ``contradictions`` (lists of ids),
``prompts_without_pairs``, ``classes_without_pairs``.

``fits`` has a row for each response class: ``{"response_class", "prompts", "completions", "pairs",
"l2", "baseline_loss", "training_loss", "held_out_loss", "training_error", "duality_gap",
"iterations"}``; null where nothing was fitted or held out. ``held_out`` has ``{"response_class",
"pairs"}`` and, for ``baseline`` (all weights zero), ``yardstick`` (hand-set by rank) and
``fitted``, the error rate, the part of it that is ties (``fitted_ties``) and its interval
(``fitted_interval``). ``weights`` has ``{"response_class", "feature", "weight", "interval",
"spread", "note"}``; the spread is the feature's standard deviation, and the note is ``fixed``,
``hand-set``, ``constant``, ``does nothing`` or empty.

    {"report": "reward-fit", "version": 2, "ruleset": "...", "order": "labels",
     "fits": [...], "held_out": [...], "weights": [...], ...}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rbrctl.reports.rewards import fit_tables
from rbrctl.reports.tables import Table

if TYPE_CHECKING:
    from rbrctl.rewards.fitting.fit import ClassFit
    from rbrctl.rewards.fitting.options import FitOptions

REPORT_NAME = "reward-fit"
REPORT_VERSION = 2


@dataclass(frozen=True, slots=True)
class FitReport:
    """A fit, and what it was made from."""

    ruleset: str
    """The rule set's digest."""
    fits: Mapping[str, "ClassFit"]
    options: "FitOptions"
    compared: Mapping[str, Any]
    """What was compared, and what was left out."""
    hand_set: str | None = None
    """What hand-set weights are called."""

    @property
    def tables(self) -> list[Table]:
        """The fits, what they are worth on held-out prompts, and the weights."""
        return fit_tables(self.fits)

    @property
    def body(self) -> dict[str, Any]:
        """What JSON has besides the tables."""
        from rbrctl.rewards.fitting.made_weights import described_options

        options = described_options(self.options)
        return {"ruleset": self.ruleset, "hand_set": self.hand_set, **options, **self.compared}
