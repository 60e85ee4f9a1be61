"""Calibration of a grader on labels: for each proposition a monotone map and a threshold."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rbrctl.errors import GraderError, NothingMatchedError
from rbrctl.records.models import (
    ANSWER_THRESHOLD,
    LAZY_REFUSED,
    Answer,
    GraderIdentity,
    Result,
)
from rbrctl.statistics.calibration import (
    ReliabilityBin,
    brier_score,
    expected_calibration_error,
    reliability_bins,
)
from rbrctl.statistics.folds import FOLDS, grouped_folds
from rbrctl.statistics.maps import IsotonicMap, PlattMap, fit_isotonic, fit_platt, logit

FEWEST_OF_EACH = 10
"""A map is fitted only to at least this many true and this many false labels."""
ALIKE = 1e-4
"""Probabilities whose range is smaller than this count as equal."""
CLEARLY = 2.5
"""A threshold other than 0.5 must be better by this many standard deviations."""

Map = PlattMap | IsotonicMap | None


def apply_map(mapping: Map, probability: float) -> float:
    """Return the mapped probability. A sigmoid is applied to the logit; None changes nothing."""
    if isinstance(mapping, PlattMap):
        return mapping(logit(probability))
    return probability if mapping is None else mapping(probability)


@dataclass(frozen=True, slots=True)
class Quality:
    """The calibration of some probabilities; of mapped ones, it is cross-validated."""

    brier: float
    """Brier score, in [0, 1]; 0 is best."""
    calibration_error: float
    """Expected calibration error (ECE), in [0, 1]; 0 is best."""
    bins: tuple[ReliabilityBin, ...] = ()


@dataclass(frozen=True, slots=True)
class PropositionCalibration:
    """How one proposition's answers from one source are decoded."""

    map: Map = None
    threshold: float = ANSWER_THRESHOLD
    """The proposition is true from this mapped probability on."""
    rows: int = 0
    positives: int = 0
    before: Quality | None = None
    after: Quality | None = None
    note: str | None = None
    """The reason why there is no map; None if there is one."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    How the answers of one grader are decoded; an AnswerDecoder.

    Answers without an entry are taken as they are, with the threshold 0.5.
    """

    grader: GraderIdentity
    entries: dict[tuple[str, str], PropositionCalibration] = field(default_factory=dict)
    """By proposition and source."""

    def check(self, grader: GraderIdentity) -> None:
        """Raise GraderError if the calibration was made for another grader."""
        if grader.digest != self.grader.digest:
            raise GraderError(
                f"the calibration was made for grader {_name(self.grader)}, and these answers are"
                f" of {_name(grader)}; make one with: rbrctl grader calibrate RESULTS.jsonl"
            )

    def probability(self, name: str, answer: Answer) -> float | None:
        """Return the calibrated P(true), in [0, 1]; None for an error."""
        if answer.probability is None:
            return None
        entry = self.entries.get((name, answer.source or ""))
        return apply_map(entry.map, answer.probability) if entry else answer.probability

    def truth(self, name: str, answer: Answer) -> bool | None:
        """Return True if the proposition counts as true; None for an error."""
        probability = self.probability(name, answer)
        if probability is None:
            return None
        entry = self.entries.get((name, answer.source or ""))
        return probability >= (entry.threshold if entry else ANSWER_THRESHOLD)


@dataclass(slots=True)
class _Rows:
    probabilities: list[float] = field(default_factory=list)
    labels: list[bool] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def calibrate(results: Iterable[Result]) -> Calibration:
    """
    Return a calibration fitted to labelled results of one grader.

    Failed answers are left out. Raises NothingMatchedError if no answer has a label, and
    GraderError if the results are of several graders or were asked lazily.
    """
    grader: GraderIdentity | None = None
    rows: dict[tuple[str, str], _Rows] = {}
    for result in results:
        if result.asked_lazily:
            raise GraderError(LAZY_REFUSED)
        if grader is not None and result.grader.digest != grader.digest:
            raise GraderError(
                f"results of several graders ({_name(grader)}, {_name(result.grader)});"
                " a calibration belongs to one"
            )
        grader = result.grader
        for name, label in result.labels.items():
            answer = result.answers.get(name)
            if answer is not None and answer.probability is not None:
                entry = rows.setdefault((name, answer.source or ""), _Rows())
                entry.probabilities.append(answer.probability)
                entry.labels.append(label)
                entry.groups.append(result.prompt_digest)
    if grader is None or not rows:
        raise NothingMatchedError("no answer has a label to calibrate by")
    return Calibration(grader, {key: fit(*_columns(entry)) for key, entry in rows.items()})


def _columns(rows: _Rows) -> tuple[list[float], list[bool], list[str]]:
    return rows.probabilities, rows.labels, rows.groups


def fit(
    probabilities: Sequence[float], labels: Sequence[bool], groups: Sequence[str]
) -> PropositionCalibration:
    """
    Return the map (Platt's sigmoid, isotonic or none) with the lowest cross-validated Brier score.

    ``probabilities`` (in [0, 1]), ``labels`` and ``groups`` have one entry for each row; rows of
    one group, which is a prompt, are kept in one fold. There is no map if there are fewer than
    FEWEST_OF_EACH rows of either label or fewer groups than folds, or if no map is better than
    the probabilities as they are. See ``statistics.maps`` for the sources.
    """
    positives = sum(labels)
    bare = PropositionCalibration(
        rows=len(labels), positives=positives, before=_quality(probabilities, labels)
    )
    fewest = min(positives, len(labels) - positives)
    if fewest < FEWEST_OF_EACH or len(set(groups)) < FOLDS:
        return replace(
            bare,
            note=f"too few: {positives} true and {len(labels) - positives} false rows in"
            f" {len(set(groups))} groups, where {FEWEST_OF_EACH} of each in {FOLDS} are needed",
        )
    if max(probabilities) - min(probabilities) < ALIKE:
        return replace(bare, note="all answers are alike: there is nothing to tell them by")
    folds = grouped_folds(groups)
    fitted: list[tuple[float, int, Callable[..., Map], list[float]]] = []
    for order, maker in enumerate((_no_map, _platt, _isotonic)):
        held_out = _cross_validated(maker, probabilities, labels, folds)
        score = brier_score(held_out, labels)
        fitted.append((1.0 if score is None else score, order, maker, held_out))
    _, _, maker, held_out = min(fitted, key=lambda item: item[:2])
    mapping = maker(probabilities, labels)
    return replace(
        bare,
        map=mapping,
        threshold=_best_threshold(held_out, labels),
        after=_quality(held_out, labels),
        note=None if mapping is not None else "no map does better than the answers as they are",
    )


def _no_map(probabilities: Sequence[float], labels: Sequence[bool]) -> Map:
    return None


def _platt(probabilities: Sequence[float], labels: Sequence[bool]) -> Map:
    return (
        fit_platt([logit(p) for p in probabilities], labels)
        if 0 < sum(labels) < len(labels)
        else None
    )


def _isotonic(probabilities: Sequence[float], labels: Sequence[bool]) -> Map:
    return fit_isotonic(probabilities, labels)


def _cross_validated(
    maker: Callable[[Sequence[float], Sequence[bool]], Map],
    probabilities: Sequence[float],
    labels: Sequence[bool],
    folds: Sequence[int],
) -> list[float]:
    """Return each row's probability, mapped by a map that was fitted without the row's fold."""
    held_out = [0.0] * len(labels)
    for fold in set(folds):
        kept = [index for index, other in enumerate(folds) if other != fold]
        mapping = maker([probabilities[i] for i in kept], [labels[i] for i in kept])
        for index, other in enumerate(folds):
            if other == fold:
                held_out[index] = apply_map(mapping, probabilities[index])
    return held_out


def _quality(probabilities: Sequence[float], labels: Sequence[bool]) -> Quality:
    return Quality(
        brier_score(probabilities, labels) or 0.0,
        expected_calibration_error(probabilities, labels) or 0.0,
        tuple(reliability_bins(probabilities, labels)),
    )


def _best_threshold(probabilities: Sequence[float], labels: Sequence[bool]) -> float:
    """
    Return the threshold with the highest accuracy; 0.5 unless another is clearly better.

    Clearly better means: of the n rows that it decides differently from 0.5, it gains at least
    CLEARLY * sqrt(n) right answers, where sqrt(n) is the standard deviation of the gain by chance.
    Candidates lie midway between neighbouring probabilities; of equally good ones the closest to
    0.5 is taken.
    """
    pairs = sorted(zip(probabilities, labels, strict=True))
    below_half = sum(probability < ANSWER_THRESHOLD for probability, _ in pairs)
    at_half = sum((p >= ANSWER_THRESHOLD) == label for p, label in pairs)
    right = sum(label for _, label in pairs)
    best = (at_half, 0.0, ANSWER_THRESHOLD)
    for below, ((low, label), (high, _)) in enumerate(pairwise(pairs), start=1):
        right += -1 if label else 1
        clear = right - at_half >= CLEARLY * math.sqrt(abs(below - below_half))
        if high > low and clear:
            middle = (low + high) / 2
            best = max(best, (right, -abs(middle - ANSWER_THRESHOLD), middle))
    return best[2]


def _name(grader: GraderIdentity) -> str:
    model = f" {grader.model}" if grader.model else ""
    mode = f" ({grader.mode})" if grader.mode else ""
    return f"{grader.kind}{model}{mode} {grader.digest[:12]}"


def pooled_bins(calibration: Calibration) -> list[tuple[str, list[ReliabilityBin]]]:
    """Return the pooled bins of all fitted propositions, before and after their maps."""
    fitted = [entry for entry in calibration.entries.values() if entry.after is not None]
    stages = {
        "before": [item for entry in fitted if entry.before for item in entry.before.bins],
        "after": [item for entry in fitted if entry.after for item in entry.after.bins],
    }
    return [(stage, _pool(bins)) for stage, bins in stages.items()]


def _pool(bins: Iterable[ReliabilityBin]) -> list[ReliabilityBin]:
    groups: dict[float, list[ReliabilityBin]] = {}
    for item in bins:
        groups.setdefault(item.lower, []).append(item)
    pooled = []
    for lower in sorted(groups):
        group = groups[lower]
        count = sum(item.count for item in group)
        said = sum(item.mean_probability * item.count for item in group) / count
        true = sum(item.share_true * item.count for item in group) / count
        pooled.append(ReliabilityBin(lower, group[0].upper, count, said, true))
    return pooled
