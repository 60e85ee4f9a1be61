"""Training: from examples to a model file and cross-validated figures of its accuracy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rbrctl.errors import UsageError
from rbrctl.graders.embedded.model import EmbeddedModel, PropositionModel
from rbrctl.graders.embedded.model_file import model_bytes, parse_model
from rbrctl.graders.training.cross_fitted import CrossFitted
from rbrctl.graders.training.cross_validation import (
    CrossValidation,
    CrossValidationReport,
    PropositionReport,
    cross_validate,
)
from rbrctl.graders.training.dataset import Dataset, Example, build_dataset
from rbrctl.graders.training.fit import FitSettings, Rows, fit_proposition
from rbrctl.statistics.folds import FOLDS


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a model is trained; the same settings and examples give the same file, byte by byte."""

    fit: FitSettings = field(default_factory=FitSettings)
    folds: int = FOLDS
    propositions: Sequence[str] | None = None
    """The propositions to fit; None means every one that has a label."""


@dataclass(frozen=True, slots=True)
class Training:
    """A trained model and its figures."""

    content: bytes
    """The bytes of the model file."""
    model: EmbeddedModel
    """The model as read back from ``content``."""
    report: CrossValidationReport
    cross_fitted: CrossFitted
    """The models of the folds, for answers by a model that was not fitted on the prompt."""


def train(
    examples: Iterable[Example],
    settings: TrainingSettings | None = None,
    provenance: Mapping[str, Any] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Training:
    """
    Cross-validate, then fit a model to all examples.

    ``provenance`` (data sets, licences) is written to the file beside the cross-validated figures.
    ``on_step`` is called with the number of fits done and their total. The outcome is deterministic
    on one machine. Raises NothingMatchedError if there is no label, MissingExtraError if the extra
    ``train`` is not installed, and UsageError if there are fewer prompts than folds.
    """
    settings = settings or TrainingSettings()
    dataset = build_dataset(examples, settings.propositions)
    _check_prompts(dataset, settings.folds)
    steps = len(dataset.targets) * (settings.folds + 1)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if on_step is not None:
            on_step(done, steps)

    validation = cross_validate(dataset, settings.fit, settings.folds, step)
    models = _fit_all(dataset, settings.fit, step)
    described = {
        **(provenance or {}),
        "rows": len(dataset.groups),
        "cross_validation": _described(validation.report),
    }
    content = _model_file(dataset, models, described)
    model = parse_model(content, "trained", "the trained model")
    return Training(content, model, validation.report, _cross_fitted(dataset, validation))


def _check_prompts(dataset: Dataset, folds: int) -> None:
    pairs = zip(dataset.groups, dataset.scored, strict=True)
    prompts = len({group for group, scored in pairs if scored})
    if prompts < folds:
        raise UsageError(
            f"{folds}-fold cross-validation needs labelled transcripts of at least {folds}"
            f" different prompts, and there are {prompts}"
        )


def fit_models(
    examples: Iterable[Example], settings: TrainingSettings | None = None
) -> tuple[tuple[str, ...], dict[str, PropositionModel]]:
    """
    Fit to all examples without cross-validation; return the names of the features and the models.

    Raises what ``train`` raises.
    """
    settings = settings or TrainingSettings()
    dataset = build_dataset(examples, settings.propositions)
    return dataset.features, _fit_all(dataset, settings.fit, lambda: None)


def _fit_all(
    dataset: Dataset, settings: FitSettings, on_step: Callable[[], None]
) -> dict[str, PropositionModel]:
    models: dict[str, PropositionModel] = {}
    for target in dataset.targets:
        models[target.name] = fit_proposition(Rows.of(dataset, target), settings)
        on_step()
    return models


def _cross_fitted(dataset: Dataset, validation: CrossValidation) -> CrossFitted:
    """Return the models of the folds, each as if read from its own file."""
    files = [_model_file(dataset, models, {}) for models in validation.models]
    return CrossFitted(
        tuple(
            parse_model(content, f"fold {fold}", f"the model of fold {fold}")
            for fold, content in enumerate(files)
        ),
        validation.fold_of_prompt,
    )


def _model_file(
    dataset: Dataset, models: Mapping[str, PropositionModel], provenance: Mapping[str, Any]
) -> bytes:
    used = sorted({feature for model in models.values() for feature in model.used_features})
    names = tuple(dataset.features[feature] for feature in used)
    places = {feature: place for place, feature in enumerate(used)}
    kept = {name: model.renumbered(places) for name, model in models.items()}
    return model_bytes(names, kept, provenance)


def _described(report: CrossValidationReport) -> dict[str, Any]:
    balanced = report.mean_balanced_accuracy
    return {
        "folds": report.folds,
        "grouped_by": "prompt",
        "seed": report.seed,
        "rows": report.rows,
        "supporting_rows": report.supporting_rows,
        "prompts": report.prompts,
        "mean_accuracy": round(report.mean_accuracy, 4),
        "mean_base_rate_accuracy": round(report.mean_base_rate_accuracy, 4),
        "mean_balanced_accuracy": None if balanced is None else round(balanced, 4),
        "propositions": {item.name: _described_proposition(item) for item in report.propositions},
    }


def _described_proposition(item: PropositionReport) -> dict[str, Any]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "rows": item.rows,
        "positives": item.positives,
        "base_rate_accuracy": rounded(item.base_rate_accuracy),
        "accuracy": rounded(item.accuracy),
        "accuracy_interval": [rounded(edge) for edge in item.accuracy_interval],
        "balanced_accuracy": rounded(item.balanced_accuracy),
        "kappa": rounded(item.kappa),
        "brier": rounded(item.brier),
        "calibration_error": rounded(item.calibration_error),
    }
