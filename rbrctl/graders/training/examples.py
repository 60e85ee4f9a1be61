"""Examples to learn from: transcripts with labels, from humans or from another grader."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rbrctl.records.models import Result, Transcript


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
