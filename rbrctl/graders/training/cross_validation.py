"""Cross-validation: how well models fitted in the same way do on prompts that they never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rbrctl.graders.training.fit import FitSettings, Rows, fit_proposition
from rbrctl.statistics.agreement import ConfusionCounts
from rbrctl.statistics.calibration import brier_score, expected_calibration_error
from rbrctl.statistics.folds import FOLDS, grouped_folds
from rbrctl.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rbrctl.graders.embedded.model import PropositionModel
    from rbrctl.graders.training.dataset import Array, Dataset, Target

ENOUGH_POSITIVES = 10
"""Balanced accuracy is averaged over the propositions with at least this many true and false."""


@dataclass(frozen=True, slots=True)
class PropositionReport:
    """How well one proposition was told on held-out rows; a label counts as true from 0.5."""

    name: str
    rows: int
    positives: int
    base_rate_accuracy: float
    """What always giving the commoner answer reaches."""
    accuracy: float
    accuracy_interval: tuple[float, float]
    """Wilson, 95 %."""
    balanced_accuracy: float | None
    """None where all rows have one answer."""
    kappa: float | None
    brier: float
    calibration_error: float
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CrossValidationReport:
    """The whole cross-validation."""

    folds: int
    seed: int
    rows: int
    """Rows that were scored."""
    supporting_rows: int
    """Rows that only ever helped to fit."""
    prompts: int
    propositions: tuple[PropositionReport, ...]

    @property
    def mean_accuracy(self) -> float:
        """Over all propositions."""
        return _mean([item.accuracy for item in self.propositions])

    @property
    def mean_base_rate_accuracy(self) -> float:
        """Over all propositions."""
        return _mean([item.base_rate_accuracy for item in self.propositions])

    @property
    def mean_balanced_accuracy(self) -> float | None:
        """Over the propositions with at least ENOUGH_POSITIVES of both answers; None if none."""
        enough = [
            item.balanced_accuracy
            for item in self.propositions
            if item.balanced_accuracy is not None
            and min(item.positives, item.rows - item.positives) >= ENOUGH_POSITIVES
        ]
        return _mean(enough) if enough else None


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """What the figures come from, too: the models of the folds."""

    report: CrossValidationReport
    fold_of_prompt: Mapping[str, int]
    """By the prompt's digest, for every row that was scored."""
    models: tuple[Mapping[str, PropositionModel], ...]
    """For each fold the models by proposition that were fitted without its prompts."""


def cross_validate(
    dataset: Dataset,
    settings: FitSettings,
    folds: int = FOLDS,
    on_step: Callable[[], None] | None = None,
) -> CrossValidation:
    """
    Fit on all folds but one and answer that one, for each fold and proposition.

    Everything is inside the folds: choice of features, scorers, calibration. Folds are grouped by
    prompt; rows that are not scored are fitted on, except those that share a prompt with the fold.
    ``on_step`` is called after each of the folds x propositions fits. Raises ValueError where there
    are fewer prompts than folds.
    """
    import numpy as np

    scored = dataset.scored > 0
    scored_groups = [group for group, kept in zip(dataset.groups, scored, strict=True) if kept]
    fold_of_group = dict(
        zip(scored_groups, grouped_folds(scored_groups, folds, settings.learners.seed), strict=True)
    )
    fold_of_row = np.array([fold_of_group.get(group, -1) for group in dataset.groups])
    reports = []
    models: tuple[dict[str, PropositionModel], ...] = tuple({} for _ in range(folds))
    for target in dataset.targets:
        fitted = _fit_folds(dataset, target, fold_of_row, folds, settings, on_step)
        for fold, model in enumerate(fitted):
            models[fold][target.name] = model
        pairs = _answer_held_out(dataset, target, fold_of_row, fitted)
        if pairs:
            notes = [model.note for model in fitted if model.note]
            reports.append(_report(target.name, pairs, notes[-1] if notes else None))
    report = CrossValidationReport(
        folds=folds,
        seed=settings.learners.seed,
        rows=int(scored.sum()),
        supporting_rows=int((~scored).sum()),
        prompts=len(set(scored_groups)),
        propositions=tuple(reports),
    )
    return CrossValidation(report, fold_of_group, models)


def _fit_folds(
    dataset: Dataset,
    target: Target,
    fold_of_row: Array,
    folds: int,
    settings: FitSettings,
    on_step: Callable[[], None] | None,
) -> list[PropositionModel]:
    """Fit one proposition once for each fold, on all rows but the fold's."""
    rows = Rows.of(dataset, target)
    fold_there = fold_of_row[target.rows]
    models = []
    for fold in range(folds):
        models.append(fit_proposition(rows.take(fold_there != fold), settings))
        if on_step is not None:
            on_step()
    return models


def _answer_held_out(
    dataset: Dataset, target: Target, fold_of_row: Array, models: list[PropositionModel]
) -> list[tuple[float, float]]:
    """Give (probability, label) for each scored row, by the model that did not see its fold."""
    return [
        (models[fold_of_row[row]].probability(dataset.matrix[row].tolist()), float(value))
        for row, value in zip(target.rows, target.values, strict=True)
        if dataset.scored[row] > 0
    ]


def _report(name: str, pairs: list[tuple[float, float]], note: str | None) -> PropositionReport:
    probabilities = [probability for probability, _ in pairs]
    labels = [label >= 0.5 for _, label in pairs]
    counts = ConfusionCounts.of(
        (probability >= 0.5, label)
        for probability, label in zip(probabilities, labels, strict=True)
    )
    positives = sum(labels)
    return PropositionReport(
        name=name,
        rows=len(pairs),
        positives=positives,
        base_rate_accuracy=max(positives, len(pairs) - positives) / len(pairs),
        accuracy=counts.correct / len(pairs),
        accuracy_interval=wilson_interval(counts.correct, len(pairs)),
        balanced_accuracy=counts.balanced_accuracy,
        kappa=counts.kappa,
        brier=brier_score(probabilities, labels) or 0.0,
        calibration_error=expected_calibration_error(probabilities, labels) or 0.0,
        note=note,
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
