"""Examples as arrays: a matrix of features, and for each proposition its targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rbrctl.errors import MissingExtraError, NothingMatchedError
from rbrctl.graders.embedded.features.extract import measure
from rbrctl.graders.training.examples import Example
from rbrctl.records.digests import prompt_digest

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    """An array of any shape."""

MISSING_EXTRA = "training needs numpy and scikit-learn: pip install 'rbrctl[train]'"


@dataclass(frozen=True, slots=True)
class Target:
    """The rows on which one proposition is known, and what is known of it there."""

    name: str
    rows: Floats
    """Indices into the data set's rows."""
    values: Floats
    """P(true) on those rows."""

    @property
    def positives(self) -> float:
        """How many are true; a soft label counts as its probability."""
        return float(self.values.sum())


@dataclass(frozen=True, slots=True)
class Dataset:
    """All examples as arrays."""

    features: tuple[str, ...]
    matrix: Floats
    """One row an example, one column a feature."""
    weights: Floats
    scored: Floats
    """1 where cross-validation measures, else 0."""
    groups: tuple[str, ...]
    """The prompt digests: rows of one prompt are never parted."""
    targets: tuple[Target, ...]


def build_dataset(examples: Iterable[Example], propositions: Sequence[str] | None) -> Dataset:
    """
    Measure all examples; ``propositions`` None stands for all that have a label, in name order.

    Texts are not kept. Raises NothingMatchedError without any label, MissingExtraError without
    numpy.
    """
    try:
        import numpy as np
    except ImportError as error:
        raise MissingExtraError(MISSING_EXTRA) from error
    measured: list[dict[str, float]] = []
    labels: list[dict[str, float]] = []
    weights, scored, groups = [], [], []
    for example in examples:
        measured.append(measure(example.transcript).values)
        labels.append(dict(example.labels))
        weights.append(example.weight)
        scored.append(float(example.scored))
        transcript = example.transcript
        groups.append(transcript.prompt_digest or prompt_digest(transcript.prompt))
    names = sorted({name for row in labels for name in row})
    if propositions is not None:
        names = [name for name in propositions if name in set(names)]
    if not names:
        raise NothingMatchedError("there is nothing to learn from: no example has a label")
    features = tuple(sorted({name for row in measured for name in row}))
    column = {name: at for at, name in enumerate(features)}
    matrix = np.zeros((len(measured), len(features)))
    for row, values in enumerate(measured):
        for name, value in values.items():
            matrix[row, column[name]] = value
    targets = []
    for name in names:
        rows = [row for row, known in enumerate(labels) if name in known]
        values_there = np.array([labels[row][name] for row in rows])
        targets.append(Target(name, np.array(rows, dtype=np.intp), values_there))
    return Dataset(
        features,
        matrix,
        np.array(weights),
        np.array(scored),
        tuple(groups),
        tuple(targets),
    )
