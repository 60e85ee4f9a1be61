"""Cross-validation: the accuracy of models fitted in the same way on prompts they did not see."""

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
    """Figures of one proposition on held-out rows; a label of at least 0.5 counts as true."""

    name: str
    rows: int
    positives: int
    base_rate_accuracy: float
    """The accuracy of always giving the more common answer."""
    accuracy: float
    accuracy_interval: tuple[float, float]
    """Wilson interval at 95 %; see ``statistics.intervals``."""
    balanced_accuracy: float | None
    """The mean of recall and specificity; None if all labels are alike."""
    kappa: float | None
    """Cohen's kappa, in [-1, 1]; None if it is not defined."""
    brier: float
    """Brier score, in [0, 1]; 0 is best."""
    calibration_error: float
    """Expected calibration error (ECE) over bins of equal width, in [0, 1]; 0 is best."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CrossValidationReport:
    """The figures of a cross-validation."""

    folds: int
    seed: int
    rows: int
    """Rows that were scored."""
    supporting_rows: int
    """Rows that were only fitted on."""
    prompts: int
    propositions: tuple[PropositionReport, ...]

    @property
    def mean_accuracy(self) -> float:
        """The mean accuracy of all propositions."""
        return _mean([item.accuracy for item in self.propositions])

    @property
    def mean_base_rate_accuracy(self) -> float:
        """The mean of ``base_rate_accuracy`` over all propositions."""
        return _mean([item.base_rate_accuracy for item in self.propositions])

    @property
    def mean_balanced_accuracy(self) -> float | None:
        """The mean over propositions with ENOUGH_POSITIVES of both labels; None if none has."""
        enough = [
            item.balanced_accuracy
            for item in self.propositions
            if item.balanced_accuracy is not None
            and min(item.positives, item.rows - item.positives) >= ENOUGH_POSITIVES
        ]
        return _mean(enough) if enough else None


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """The figures, and the models of the folds that they come from."""

    report: CrossValidationReport
    fold_of_prompt: Mapping[str, int]
    """The fold of each prompt with scored rows, by the digest of the prompt."""
    models: tuple[Mapping[str, PropositionModel], ...]
    """For each fold, the models (by proposition) that were fitted without its prompts."""


def cross_validate(
    dataset: Dataset,
    settings: FitSettings,
    folds: int = FOLDS,
    on_step: Callable[[], None] | None = None,
) -> CrossValidation:
    """
    Return figures on held-out rows, for models fitted without each fold in turn.

    The choice of features, the scorers and the calibration are all fitted inside the folds, so that
    nothing leaks from held-out rows. Folds are grouped by prompt. Rows that are not scored are
    fitted on, unless they share a prompt with the held-out fold. ``on_step`` is called after each
    of the folds x propositions fits. Raises ValueError if there are fewer prompts than folds.
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
    """Return (probability, label) of each scored row, by the model fitted without its fold."""
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
