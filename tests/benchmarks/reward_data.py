"""Seeded comparisons of the published shape, and the published optimiser to measure against."""

from dataclasses import dataclass

import numpy as np

from rbrctl.rewards.arrays import Floats, Indices
from rbrctl.rewards.pairs.forming import Pairs, form_pairs
from rbrctl.rewards.solver.problem import GatheredDifferences, Problem

PROMPTS, COMPLETIONS, FEATURES, CLASSES, RANKS = 349, 17, 23, 4, 5
LEARNING_RATE, STEPS, WEIGHT_DECAY = 0.01, 1_000, 0.01


@dataclass(frozen=True)
class Completions:
    """The completions of one response class."""

    features: Floats
    ranks: Indices
    prompts: Indices
    rm_scores: Floats


def generate(seed: int) -> list[Completions]:
    """Draw completions whose rank depends on the features through hidden weights and noise."""
    generator = np.random.default_rng(seed)
    hidden = generator.normal(0, 1, (CLASSES, FEATURES))
    return [
        _draw(generator, hidden[number], range(number, PROMPTS, CLASSES))
        for number in range(CLASSES)
    ]


def _draw(generator: np.random.Generator, hidden: Floats, prompts: range) -> Completions:
    features, ranks, numbers, scores = [], [], [], []
    for prompt in prompts:
        count = max(2, int(generator.poisson(COMPLETIONS)))
        common = generator.beta(0.5, 0.5, FEATURES)
        own = generator.beta(0.2, 0.2, (count, FEATURES))
        shared = np.clip(common + generator.normal(0, 0.2, (count, FEATURES)), 0, 1)
        drawn = np.where(generator.random((count, FEATURES)) < 0.5, own, shared)
        quality = drawn @ hidden + generator.normal(0, 1.2, count)
        rank = np.argsort(np.argsort(-quality)) * RANKS // count
        features.append(drawn)
        ranks.append(rank)
        numbers.append(np.full(count, prompt))
        scores.append(generator.normal(0, 1, count) - 0.15 * rank)
    return Completions(
        np.vstack(features),
        np.concatenate(ranks),
        np.concatenate(numbers),
        np.concatenate(scores),
    )


def pair(data: Completions) -> tuple[Pairs, Floats]:
    """Form the ordered pairs of a class, and what each targets of the weights."""
    ranks = np.arange(RANKS)
    pairs = form_pairs(data.prompts, data.ranks, ranks[:, None] < ranks)
    targets = 1 - (data.rm_scores[pairs.better] - data.rm_scores[pairs.worse])
    return pairs, targets


def problem_of(data: Completions) -> Problem:
    """Pose the fit of a class."""
    pairs, targets = pair(data)
    return Problem(
        GatheredDifferences(data.features, pairs.better, pairs.worse),
        targets,
        np.full(len(targets), 1 / len(targets)),
        np.zeros(FEATURES),
    )


def hinge_loss(differences: Floats, targets: Floats, weights: Floats) -> float:
    """Give the mean hinge loss."""
    return float(np.maximum(targets - differences @ weights, 0).mean())


def adamw(differences: Floats, targets: Floats) -> Floats:
    """
    Run the published optimiser over all pairs at every step.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), with the usual
    constants.
    """
    count, width = differences.shape
    weights, first, second = np.zeros(width), np.zeros(width), np.zeros(width)
    for step in range(1, STEPS + 1):
        short = targets - differences @ weights > 0
        gradient = -(short.astype(np.float64) @ differences) / count
        weights *= 1 - LEARNING_RATE * WEIGHT_DECAY
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        scale = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        weights -= LEARNING_RATE * (first / (1 - 0.9**step)) / scale
    return weights
