"""Comparisons: the completions of one response class as arrays, and the pairs to be ordered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rbrctl.errors import NothingMatchedError
from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.features import FeatureSet, feature_names
from rbrctl.rewards.pairs.candidates import Candidate, SkipCounts
from rbrctl.rewards.pairs.contradictions import Contradiction, without_contradictions
from rbrctl.rewards.pairs.forming import Pairs, form_pairs
from rbrctl.rewards.pairs.orderings import Ordering
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted


@dataclass(frozen=True, slots=True)
class ClassComparisons:
    """The completions of one response class; arrays run over completions unless noted."""

    response_class: str
    features: tuple[str, ...]
    values: Floats
    """Completions by features."""
    rm_scores: Floats
    prompts: Indices
    """The number of each completion's prompt, in order of appearance."""
    prompt_digests: tuple[str, ...]
    """By number of the prompt."""
    groups: Indices
    labels: Indices
    """Positions in the ordering's labels."""
    ordering: Ordering
    pairs: Pairs
    margins: Floats
    """One for each pair: by how much the better completion should win."""
    ids: tuple[str, ...] = ()

    def of_prompts(self, mask: Mask) -> "ClassComparisons":
        """Return the comparisons with only the pairs whose two prompts are both marked."""
        kept = mask[self.prompts[self.pairs.better]] & mask[self.prompts[self.pairs.worse]]
        return replace(self, pairs=self.pairs.chosen(kept), margins=self.margins[kept])


def reward_differences(data: ClassComparisons, rewards: Floats) -> Floats:
    """Return for each pair the reward of the better completion minus that of the worse one."""
    return np.asarray(rewards[data.pairs.better] - rewards[data.pairs.worse])


def paired_prompts(data: ClassComparisons) -> Indices:
    """Return the numbers of the prompts that have a completion in some pair."""
    return np.unique(data.prompts[np.r_[data.pairs.better, data.pairs.worse]])


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Everything that can be compared, by response class, and what cannot."""

    classes: Mapping[str, ClassComparisons]
    skipped: SkipCounts
    single_prompts: int = 0
    """Groups without a pair: they have one completion only, or all have the same label."""
    contradictions: tuple[Contradiction, ...] = ()
    classes_without_pairs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Rows:
    """The candidates of one class and their features."""

    candidates: list[Candidate] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)


def compare(
    candidates: Iterable[Candidate],
    judge: Judge,
    ordering: Ordering,
    features: Mapping[str, Sequence[str]] | None = None,
    skipped: SkipCounts | None = None,
) -> Comparisons:
    """
    Compute the features of the candidates and form the ordered pairs of every group.

    Args:
        candidates: See ``candidates_of``.
        judge: The rules that the features follow from.
        ordering: Which label beats which, and by what margin.
        features: The features of each response class; by default those of ``feature_names``.
        skipped: Counts the candidates that lack a needed answer, have a label that the ordering
            does not know, or contradict each other.

    Raises NothingMatchedError if there is no pair at all.

    """
    skipped = skipped if skipped is not None else SkipCounts()
    given = list(candidates)
    total = len(given) + skipped.total
    consistent, contradictions = without_contradictions(given, ordering, skipped)
    rows_by_class = _rows_by_class(consistent, judge, ordering, features, skipped)
    classes: dict[str, ClassComparisons] = {}
    without: list[str] = []
    singles = 0
    for name, (feature_set, rows) in rows_by_class.items():
        comparisons = _class_comparisons(name, feature_set.names, rows, ordering)
        paired = np.unique(comparisons.groups[comparisons.pairs.better])
        singles += len(np.unique(comparisons.groups)) - len(paired)
        if len(comparisons.pairs):
            classes[name] = comparisons
        else:
            without.append(name)
    if not classes:
        raise NothingMatchedError(_no_pairs(total, skipped, singles))
    return Comparisons(classes, skipped, singles, tuple(contradictions), tuple(without))


def _no_pairs(total: int, skipped: SkipCounts, singles: int) -> str:
    reasons = [f"{count:,} with {reason}" for reason, count in skipped.counts.items()]
    if singles:
        prompts = counted(singles, "prompt")
        reasons.append(f"{prompts} with one completion only or all of the same rank")
    told = f": {'; '.join(reasons)}" if reasons else ""
    hint = "; completions of different prompts are compared with --pairs class" if singles else ""
    completions = counted(total, "completion")
    return f"there is nothing to compare among {completions}{told}{hint}"


def _rows_by_class(
    candidates: Iterable[Candidate],
    judge: Judge,
    ordering: Ordering,
    features: Mapping[str, Sequence[str]] | None,
    skipped: SkipCounts,
) -> dict[str, tuple[FeatureSet, _Rows]]:
    by_class: dict[str, tuple[FeatureSet, _Rows]] = {}
    known = frozenset(ordering.labels)
    for candidate in candidates:
        if candidate.label not in known:
            skipped.add(f"the label '{candidate.label}', which the ordering lacks", candidate.id)
            continue
        name = candidate.response_class
        if name not in by_class:
            chosen = features[name] if features and name in features else feature_names(judge, name)
            by_class[name] = FeatureSet(judge, name, chosen), _Rows()
        feature_set, rows = by_class[name]
        values = feature_set.values(candidate.probabilities)
        if values is None:
            skipped.add("missing answers", candidate.id)
            continue
        rows.candidates.append(candidate)
        rows.values.append(values)
    return {name: entry for name, entry in by_class.items() if entry[1].candidates}


def _class_comparisons(
    name: str, features: tuple[str, ...], rows: _Rows, ordering: Ordering
) -> ClassComparisons:
    prompts, digests = _numbered([candidate.prompt for candidate in rows.candidates])
    groups, _ = _numbered([candidate.group for candidate in rows.candidates])
    position = {label: index for index, label in enumerate(ordering.labels)}
    labels = np.array([position[candidate.label] for candidate in rows.candidates], dtype=np.intp)
    margins = np.zeros((len(position), len(position)))
    for (better, worse), margin in ordering.margins.items():
        margins[position[better], position[worse]] = margin
    pairs = form_pairs(groups, labels, margins > 0)
    return ClassComparisons(
        response_class=name,
        features=features,
        values=np.array(rows.values, dtype=np.float64).reshape(len(rows.values), len(features)),
        rm_scores=np.array([candidate.rm_score for candidate in rows.candidates]),
        prompts=prompts,
        prompt_digests=digests,
        groups=groups,
        labels=labels,
        ordering=ordering,
        pairs=pairs,
        margins=margins[labels[pairs.better], labels[pairs.worse]],
        ids=tuple(candidate.id for candidate in rows.candidates),
    )


def _numbered(names: Sequence[str]) -> tuple[Indices, tuple[str, ...]]:
    numbers: dict[str, int] = {}
    array = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)
    return array, tuple(numbers)
