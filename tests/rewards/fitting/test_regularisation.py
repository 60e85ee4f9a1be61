import statistics
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rbrctl.rewards.fitting.class_weights import (
    L2_CHOICES,
    choose_l2,
    mean_loss,
    solve_weights,
    with_l2,
)
from rbrctl.rewards.fitting.options import DEFAULT_L2, FitOptions
from rbrctl.rewards.losses import loss_named
from rbrctl.rewards.pairs.candidates import Candidate
from rbrctl.rewards.pairs.compare import ClassComparisons, compare
from rbrctl.rewards.pairs.orderings import rank_ordering
from rbrctl.rewards.splits import folds_of
from rbrctl.ruleset.verdict import Judge

MakeCandidate = Callable[..., Candidate]
FEATURES = ("kind", "rude", "idle")


def drawn(
    judge: Judge, make: MakeCandidate, prompts: int, noise: float, seed: int = 0
) -> ClassComparisons:
    generator = np.random.default_rng(seed)
    rows = []
    for prompt in range(prompts):
        for _ in range(4):
            kind, rude, idle = generator.random(3)
            quality = kind - rude + generator.normal(0, noise)
            label = "good" if quality > 0.3 else "poor" if quality > -0.3 else "bad"
            made = make(f"p{prompt}", label, kind, rude)
            rows.append(replace(made, probabilities={**made.probabilities, "idle": idle}))
    ordering = rank_ordering(("good", "poor", "bad"))
    return compare(rows, judge, ordering, {"c": FEATURES}).classes["c"]


def test_it_is_the_strongest_factor_within_one_standard_error_of_the_least_loss(
    judge: Judge, make: MakeCandidate
) -> None:
    data = drawn(judge, make, 30, 0.3)
    numbers = folds_of(data.prompt_digests, 5, 0)

    def held_out_losses(factor: float) -> list[float]:
        losses = []
        for fold in range(5):
            rest, part = data.of_prompts(numbers != fold), data.of_prompts(numbers == fold)
            _, weights = solve_weights(rest, FitOptions(l2=factor))
            losses.append(mean_loss(part, weights, loss_named("hinge")) * len(part.pairs))
        return losses

    losses = {factor: held_out_losses(factor) for factor in L2_CHOICES}
    least = min(losses.values(), key=sum)

    def is_within(factor: float) -> bool:
        excess = [each - best for each, best in zip(losses[factor], least, strict=True)]
        return sum(excess) <= 5**0.5 * statistics.stdev(excess) + 1e-6

    chosen = choose_l2(data, FitOptions())
    assert chosen == max(factor for factor in L2_CHOICES if is_within(factor))
    assert sum(losses[max(L2_CHOICES)]) > 1.05 * sum(losses[chosen])


def test_noise_asks_for_a_stronger_hold(judge: Judge, make: MakeCandidate) -> None:
    clear = choose_l2(drawn(judge, make, 60, 0.05), FitOptions())
    noise = choose_l2(drawn(judge, make, 60, 50.0), FitOptions())
    assert noise > clear


def test_a_prior_that_is_right_is_held_to(judge: Judge, make: MakeCandidate) -> None:
    _, right = solve_weights(drawn(judge, make, 400, 0.3, 99), FitOptions(l2=0.0))
    prior = dict(zip(FEATURES, right.tolist(), strict=True))
    small = [drawn(judge, make, 8, 0.3, seed) for seed in range(8)]

    def strength(options: FitOptions) -> float:
        return float(np.mean([np.log(choose_l2(data, options)) for data in small]))

    assert strength(FitOptions(prior=prior)) > strength(FitOptions()) + 1


def test_a_factor_that_is_given_is_taken(judge: Judge, make: MakeCandidate) -> None:
    options = FitOptions(l2=0.5)
    assert with_l2(drawn(judge, make, 5, 0.3), options) is options


def test_nothing_to_choose_by_gives_the_default(judge: Judge, make: MakeCandidate) -> None:
    assert choose_l2(drawn(judge, make, 1, 0.3), FitOptions()) == DEFAULT_L2
    fixed = FitOptions(fixed=dict.fromkeys(FEATURES, 1.0))
    assert choose_l2(drawn(judge, make, 9, 0.3), fixed) == DEFAULT_L2


def test_a_prior_that_loses_nothing_is_held_to_the_strongest(
    judge: Judge, make: MakeCandidate
) -> None:
    rows = [
        make(f"p{number}", label, kind, 0.5)
        for number in range(6)
        for label, kind in (("good", 1.0), ("bad", 0.0))
    ]
    comparisons = compare(rows, judge, rank_ordering(("good", "poor", "bad")), {"c": ("kind",)})
    options = FitOptions(prior={"kind": 2.0})
    assert choose_l2(comparisons.classes["c"], options) == L2_CHOICES[0]
