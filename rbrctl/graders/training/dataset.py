"""Labelled examples, and the arrays that a model is fitted to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rbrctl.errors import MissingExtraError, NothingMatchedError
from rbrctl.graders.embedded.features.extract import WORD, measure
from rbrctl.records.messages import prompt_digest
from rbrctl.records.models import Result, Transcript
from rbrctl.records.thinking import visible_transcript

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    """An array of numbers of any shape."""
LEAST_TEXTS = 5
"""A word must occur in at least this many completions to become a feature."""
MOST_WORDS = 2000
"""The number of words, the most common first, that can become features."""
MISSING_EXTRA = "training needs numpy and scikit-learn: pip install 'rbrctl[train]'"


@dataclass(frozen=True, slots=True)
class Example:
    """A transcript with its labels, to fit and measure on."""

    transcript: Transcript
    labels: Mapping[str, float]
    """P(true) by proposition: 0 or 1 from a person, in [0, 1] from a grader; absent is unknown."""
    weight: float = 1.0
    """Its weight in fitting, greater than 0."""
    scored: bool = True
    """True if cross-validation measures on it; otherwise it is only fitted on."""


def examples_from_labels(
    transcripts: Iterable[Transcript], weight: float = 1.0, scored: bool = True
) -> Iterator[Example]:
    """Yield an example for each transcript that has labels; the others are left out."""
    for transcript in transcripts:
        if transcript.labels:
            labels = {name: float(label) for name, label in transcript.labels.items()}
            yield Example(transcript, labels, weight, scored)


def examples_from_answers(
    transcripts: Iterable[Transcript],
    results: Iterable[Result],
    weight: float = 1.0,
    scored: bool = True,
) -> Iterator[Example]:
    """
    Yield examples whose labels are another grader's answers, joined on the content digest.

    A failed answer is an unknown label. Transcripts without a result are left out, and so are
    results without a transcript.
    """
    answers: dict[str, dict[str, float]] = {}
    for result in results:
        answers[result.content_digest] = {
            name: answer.probability
            for name, answer in result.answers.items()
            if answer.probability is not None
        }
    for transcript in transcripts:
        labels = answers.get(transcript.content_digest)
        if labels:
            yield Example(transcript, labels, weight, scored)


def examples_from_mapping(
    transcripts: Iterable[Transcript],
    key: str,
    mapping: Mapping[str, Mapping[str, bool]],
    weight: float = 1.0,
    scored: bool = False,
) -> Iterator[Example]:
    """
    Yield examples with weak labels, which follow from the value of a transcript's ``key``.

    ``key`` is one of the file's own keys (``transcript.extra``). ``mapping`` gives the labels for
    each value, for example ``{"rejected": {"fully_complies": False}}``; transcripts with any other
    value are left out.
    """
    for transcript in transcripts:
        value = transcript.extra.get(key)
        labels = mapping.get(value) if isinstance(value, str) else None
        if labels:
            weak = {name: float(label) for name, label in labels.items()}
            yield Example(transcript, weak, weight, scored)


@dataclass(frozen=True, slots=True)
class Target:
    """The rows on which one proposition has a label, and its labels there."""

    name: str
    rows: Array
    """Indices of rows of the data set, shape (k,)."""
    values: Array
    """P(true) on those rows, in [0, 1], shape (k,)."""

    @property
    def positives(self) -> float:
        """The number of true labels; a soft label counts as its probability."""
        return float(self.values.sum())


@dataclass(frozen=True, slots=True)
class Dataset:
    """All n examples as arrays."""

    features: tuple[str, ...]
    """The names of the m columns: measured features first, then single words."""
    first_word: int
    """The index in ``features`` of the first single word."""
    matrix: Array
    """Feature values, shape (n, m)."""
    weights: Array
    """The weight of each example in fitting, shape (n,)."""
    scored: Array
    """1 if cross-validation measures on the example, else 0, shape (n,)."""
    groups: tuple[str, ...]
    """The prompt digest of each example: folds keep the rows of one prompt together."""
    targets: tuple[Target, ...]


def build_dataset(examples: Iterable[Example], propositions: Sequence[str] | None) -> Dataset:
    """
    Return the arrays of all examples; their texts are not kept.

    ``propositions`` names the targets; None means every proposition that has a label, in
    alphabetical order. Raises NothingMatchedError if there is no label, and MissingExtraError if
    numpy is not installed.
    """
    try:
        import numpy as np
    except ImportError as error:
        raise MissingExtraError(MISSING_EXTRA) from error
    measured: list[dict[str, float]] = []
    words: list[frozenset[str]] = []
    labels: list[dict[str, float]] = []
    weights, scored, groups = [], [], []
    for example in examples:
        found = measure(visible_transcript(example.transcript) or example.transcript)
        measured.append(found.values)
        words.append(frozenset(found.completion.words))
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
    plain = sorted({name for row in measured for name in row})
    common = _common_words(words)
    features = (*plain, *(WORD + word for word in common))
    return Dataset(
        features,
        len(plain),
        _matrix(measured, words, features),
        np.array(weights),
        np.array(scored),
        tuple(groups),
        tuple(_target(name, labels) for name in names),
    )


def _matrix(
    measured: Sequence[Mapping[str, float]],
    words: Sequence[frozenset[str]],
    features: Sequence[str],
) -> Array:
    """Return the matrix of features; the column of a word is 1 in the rows that have the word."""
    import numpy as np

    column = {name: at for at, name in enumerate(features)}
    matrix = np.zeros((len(measured), len(features)), dtype=np.float32)
    for row, (values, there) in enumerate(zip(measured, words, strict=True)):
        for name, value in values.items():
            matrix[row, column[name]] = value
        for word in there:
            at = column.get(WORD + word)
            if at is not None:
                matrix[row, at] = 1.0
    return matrix


def _target(name: str, labels: Sequence[Mapping[str, float]]) -> Target:
    import numpy as np

    rows = [row for row, known in enumerate(labels) if name in known]
    values = [labels[row][name] for row in rows]
    return Target(name, np.array(rows, dtype=np.intp), np.array(values))


def _common_words(texts: Sequence[frozenset[str]]) -> list[str]:
    """Return the alphabetic words that occur in LEAST_TEXTS completions, most common first."""
    counts = Counter(word for text in texts for word in text if word.isalpha())
    common = [word for word, count in counts.items() if count >= LEAST_TEXTS]
    return sorted(common, key=lambda word: (-counts[word], word))[:MOST_WORDS]
