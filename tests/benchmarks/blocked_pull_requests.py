"""
How often the default gate of ``rbrctl diff`` blocks a pull request: when it should, and when not.

Run ``python tests/benchmarks/blocked_pull_requests.py [RUNS]`` for the figures.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_results import small_result
from small_sets import small_set

from rbrctl.diff.accuracy import compare_accuracy
from rbrctl.diff.answer_table import TableBuilder, table_of
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.gates import DEFAULT_GATES, failures
from rbrctl.diff.pairing import pair_tables
from rbrctl.records.models import Result
from rbrctl.ruleset.model import RuleSet

RULES = 24
ROWS = 300
NAMES = tuple(f"p{number}" for number in range(RULES))
RULESET: RuleSet = small_set(
    {f"rule-{name}": (f"not {name}", "poor") for name in NAMES}, names=NAMES
)

Rate = Callable[[str], float]


def flipped(values: dict[str, bool], rate: Rate, source: random.Random) -> dict[str, bool]:
    """Turn each value over with its name's probability."""
    return {name: value != (source.random() < rate(name)) for name, value in values.items()}


def results(
    truths: list[dict[str, bool]],
    labels: list[dict[str, bool]],
    error: Rate,
    source: random.Random,
) -> list[Result]:
    """Give one side's results: answers that are wrong at a rate, and the labels as they are."""
    return [
        small_result(row, flipped(truth, error, source), labels[row], prompt=row // 3)
        for row, truth in enumerate(truths)
    ]


def is_blocked(old: list[Result], new: list[Result]) -> bool:
    """Tell whether the default gate stops the merge."""
    before = table_of(old)
    builder = TableBuilder(beside=before)
    for result in new:
        builder.take(result)
    corpus = Corpus(RULESET, RULESET, pair_tables(before, builder.table()))
    scores = compare_accuracy(corpus, resamples=10)
    comparison = Comparison("old", "new", corpus=corpus, scores=scores)
    return bool(failures(DEFAULT_GATES, comparison))


def blocked_share(
    runs: int,
    old_error: Rate,
    new_error: Rate,
    label_noise: float,
    labels_of_each_side: bool = False,
    same_answers: bool = False,
    paired: bool = False,
    seed: int = 0,
) -> float:
    """
    Give the share of simulated pull requests that are blocked.

    With ``labels_of_each_side`` the two results carry labels that were noised apart, with
    ``same_answers`` they carry the very same answers: they differ by label noise only. With
    ``paired`` the new answers are the old ones with further errors.
    """
    blocked = 0
    for run in range(runs):
        source = random.Random(f"{seed}/{run}")
        truths = [{name: source.random() < 0.4 for name in NAMES} for _ in range(ROWS)]

        def noised(truths: list[dict[str, bool]], source: random.Random) -> list[dict[str, bool]]:
            return [flipped(truth, lambda name: label_noise, source) for truth in truths]

        labels = noised(truths, source)
        old = results(truths, labels, old_error, source)
        other = noised(truths, source) if labels_of_each_side else labels
        answered = [
            {name: (a.probability or 0) >= 0.5 for name, a in result.answers.items()}
            for result in old
        ]
        if same_answers:
            new = results(answered, other, lambda name: 0.0, source)
        elif paired:
            spoilt = [
                {
                    name: value if source.random() >= new_error(name) else not truth[name]
                    for name, value in answer.items()
                }
                for answer, truth in zip(answered, truths, strict=True)
            ]
            new = results(spoilt, other, lambda name: 0.0, source)
        else:
            new = results(truths, other, new_error, source)
        blocked += is_blocked(old, new)
    return blocked / runs


def label_noise_only(runs: int) -> float:
    """Two results with the same answers, whose labels were noised apart (2 %)."""
    return blocked_share(
        runs, lambda n: 0.05, lambda n: 0.05, 0.02, labels_of_each_side=True, same_answers=True
    )


def equal_graders(runs: int) -> float:
    """Two graders that err equally often, apart from each other, under 2 % label noise."""
    return blocked_share(runs, lambda n: 0.05, lambda n: 0.05, 0.02)


def true_drop(runs: int) -> float:
    """A grader that errs on 12 % of the rows of one rule, as one that errs on 2 % before."""
    return blocked_share(
        runs, lambda n: 0.02, lambda name: 0.12 if name == NAMES[0] else 0.02, 0.02
    )


def true_drop_of_noisy_graders(runs: int) -> float:
    """The same for graders that err on 5 % of all rows, apart from each other."""
    return blocked_share(
        runs, lambda n: 0.05, lambda name: 0.15 if name == NAMES[0] else 0.05, 0.02
    )


def true_drop_by_the_rules(runs: int) -> float:
    """The same answers but for one rule's, of which 10 % more are wrong."""
    return blocked_share(
        runs, lambda n: 0.05, lambda name: 0.1 * (name == NAMES[0]), 0.02, paired=True
    )


def main() -> None:
    """Print the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    simulations = (
        label_noise_only,
        equal_graders,
        true_drop,
        true_drop_of_noisy_graders,
        true_drop_by_the_rules,
    )
    for simulate in simulations:
        print(f"{simulate(runs):6.1%} blocked of {runs}: {simulate.__doc__}")


if __name__ == "__main__":
    main()
