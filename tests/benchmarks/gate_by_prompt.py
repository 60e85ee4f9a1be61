"""
The regression gate where prompts have one completion or ten: false alarms, and what it finds.

Completions of one prompt share most of what makes a grader err. Run
``python tests/benchmarks/gate_by_prompt.py [SEEDS]`` for the figures.
"""

import random
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_results import small_result
from small_sets import small_set

from rbrctl.diff.accuracy import PairedScore, compare_accuracy
from rbrctl.diff.answer_table import TableBuilder, table_of
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.gates import Gate, GateKind, GateOutcome, failures, outcomes
from rbrctl.diff.pairing import pair_tables
from rbrctl.records.models import Result
from rbrctl.statistics.intervals import wilson_interval

RULES = 4
NAMES = tuple(f"p{number}" for number in range(RULES))
RULESET = small_set({f"rule-{name}": (f"not {name}", "poor") for name in NAMES}, names=NAMES)
GATE = Gate(GateKind.REGRESSION)
SHARED = 0.7
"""The share of a grader's errors that all completions of a prompt have in common."""


@dataclass(frozen=True)
class Setting:
    """How much is measured, and how much the second grader is worse on the first rule."""

    prompts: int
    completions: int
    drop: float = 0.0
    error: float = 0.1


def errs(rate: float, setting: Setting, source: random.Random) -> list[bool]:
    """Return on which rows a grader errs; each row does with the same probability."""
    found = []
    for _ in range(setting.prompts):
        of_prompt = source.random() < rate
        for _ in range(setting.completions):
            of_row = source.random() < rate
            found.append(of_prompt if source.random() < SHARED else of_row)
    return found


def side(setting: Setting, extra: float, source: random.Random) -> list[Result]:
    """Return one grader's results; labels are all false, so that an error is a true answer."""
    wrong = {
        name: errs(setting.error + (extra if name == NAMES[0] else 0.0), setting, source)
        for name in NAMES
    }
    labels = dict.fromkeys(NAMES, False)
    return [
        small_result(
            row,
            {name: wrong[name][row] for name in NAMES},
            labels,
            prompt=row // setting.completions,
        )
        for row in range(setting.prompts * setting.completions)
    ]


def compared(setting: Setting, seed: int) -> Comparison:
    """Compare two graders that err independently of each other."""
    source = random.Random(f"{setting}/{seed}")
    old = table_of(side(setting, 0.0, source))
    builder = TableBuilder(beside=old)
    for result in side(setting, setting.drop, source):
        builder.take(result)
    corpus = Corpus(RULESET, RULESET, pair_tables(old, builder.table()))
    scores = compare_accuracy(corpus, resamples=10)
    return Comparison("old", "new", corpus=corpus, scores=scores)


@dataclass(frozen=True)
class Figures:
    """How often the gate failed, was not judged, and what it was corrected for."""

    seeds: int
    failed: int
    not_judged: int
    family: float
    """Tests that the first rule's drop was corrected for, on average."""

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share of failures."""
        return wilson_interval(self.failed, self.seeds)


def simulate(setting: Setting, seeds: int) -> Figures:
    """Run the gate once for each seed."""
    failed = not_judged = 0
    families = []
    for seed in range(seeds):
        comparison = compared(setting, seed)
        outcome = outcomes([GATE], comparison, failures([GATE], comparison))[GATE]
        failed += outcome is GateOutcome.FAILED
        not_judged += outcome is GateOutcome.NOT_JUDGED
        families.append(first_rule(comparison).family)
    return Figures(seeds, failed, not_judged, sum(families) / seeds)


def first_rule(comparison: Comparison) -> PairedScore:
    """Return the score of the rule that the second grader may judge worse."""
    return next(score for score in comparison.scores if score.name == f"rule-{NAMES[0]}")


def main() -> None:
    """Print the figures."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for prompts, completions, drop, error in (
        (50, 1, 0.0, 0.1),
        (50, 10, 0.0, 0.1),
        (50, 1, 0.1, 0.02),
        (50, 10, 0.1, 0.02),
        (50, 1, 0.1, 0.1),
        (50, 10, 0.1, 0.1),
        (150, 10, 0.1, 0.02),
        (300, 1, 0.1, 0.02),
    ):
        found = simulate(Setting(prompts, completions, drop, error), seeds)
        low, high = found.interval
        print(
            f"{prompts} prompts of {completions}, errors {error:.0%}, drop {drop:.0%}: failed "
            f"{found.failed / seeds:.3f} ({low:.3f} to {high:.3f}), not judged "
            f"{found.not_judged / seeds:.3f}, corrected for {found.family:.1f} tests"
        )


if __name__ == "__main__":
    main()
