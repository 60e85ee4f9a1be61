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
"""A word that fewer completions have cannot become a feature."""
MOST_WORDS = 2000
"""How many words are looked at."""
MISSING_EXTRA = "training needs numpy and scikit-learn: pip install 'rbrctl[train]'"


@dataclass(frozen=True, slots=True)
class Example:
    """A transcript and what is known of it."""

    transcript: Transcript
    labels: Mapping[str, float]
    """P(true) by proposition: 0 or 1 from a human, in between from a grader; absent is unknown."""
    weight: float = 1.0
    """How much it counts in fitting; positive."""
    scored: bool = True
    """Whether cross-validation measures on it; else it only ever helps to fit."""


def examples_from_labels(
    transcripts: Iterable[Transcript], weight: float = 1.0, scored: bool = True
) -> Iterator[Example]:
    """Make examples of the transcripts that have a human's labels; others are left out."""
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
    Make examples of another grader's answers, joined to the texts on the content digest.

    An answer that is an error is unknown. Transcripts without a result are left out; results
    without a transcript too.
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
    Make examples of weak labels: each value of a transcript's ``key`` stands for some labels.

    ``key`` is one of the file's own keys (``transcript.extra``); values that ``mapping`` does not
    name are left out. For one, ``{"rejected": {"fully_complies": False}}``.
    """
    for transcript in transcripts:
        value = transcript.extra.get(key)
        labels = mapping.get(value) if isinstance(value, str) else None
        if labels:
            weak = {name: float(label) for name, label in labels.items()}
            yield Example(transcript, weak, weight, scored)


@dataclass(frozen=True, slots=True)
class Target:
    """The rows on which one proposition is known, and what is known of it there."""

    name: str
    rows: Array
    """Indices into the data set's rows."""
    values: Array
    """P(true) on those rows."""

    @property
    def positives(self) -> float:
        """How many are true; a soft label counts as its probability."""
        return float(self.values.sum())


@dataclass(frozen=True, slots=True)
class Dataset:
    """All examples as arrays."""

    features: tuple[str, ...]
    """Those that are measured, then the words of the completions."""
    first_word: int
    """Where in ``features`` the words begin."""
    matrix: Array
    """One row an example, one column a feature."""
    weights: Array
    scored: Array
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
    """Put the features of each row in their columns; a word's is 1 where the row has it."""
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
    """Give the words of letters that at least LEAST_TEXTS completions have, commonest first."""
    counts = Counter(word for text in texts for word in text if word.isalpha())
    common = [word for word, count in counts.items() if count >= LEAST_TEXTS]
    return sorted(common, key=lambda word: (-counts[word], word))[:MOST_WORDS]
