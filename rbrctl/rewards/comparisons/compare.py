"""Comparisons: the completions of one response class as arrays, and the pairs to be ordered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rbrctl.errors import NothingMatchedError
from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.comparisons.candidates import Candidate, LeftOut
from rbrctl.rewards.comparisons.orderings import Ordering
from rbrctl.rewards.comparisons.pairs import Pairs, form_pairs
from rbrctl.rewards.features import FeatureSet, feature_names
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted


@dataclass(frozen=True, slots=True)
class ClassComparisons:
    """Completions of one response class; arrays run over completions unless said otherwise."""

    response_class: str
    features: tuple[str, ...]
    values: Floats
    """Completions by features."""
    rm_scores: Floats
    prompts: Indices
    """The number of each completion's prompt, in order of appearance."""
    prompt_digests: tuple[str, ...]
    groups: Indices
    labels: Indices
    """Positions in the ordering's labels."""
    ordering: Ordering
    pairs: Pairs
    margins: Floats
    """One for each pair."""
    ids: tuple[str, ...] = ()

    def of_prompts(self, mask: Mask) -> "ClassComparisons":
        """Keep the pairs whose completions both belong to the prompts marked in ``mask``."""
        kept = mask[self.prompts[self.pairs.better]] & mask[self.prompts[self.pairs.worse]]
        return replace(self, pairs=self.pairs.chosen(kept), margins=self.margins[kept])


def wins_of(data: ClassComparisons, rewards: Floats) -> Floats:
    """Give by how much the better completion of each pair wins; rewards are of completions."""
    return np.asarray(rewards[data.pairs.better] - rewards[data.pairs.worse])


def paired_prompts(data: ClassComparisons) -> Indices:
    """Give the numbers of the prompts of which some completion stands in a pair."""
    return np.unique(data.prompts[np.r_[data.pairs.better, data.pairs.worse]])


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The same completion, in one group, with labels of which one beats the other."""

    ids: tuple[str, str]
    labels: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Everything that can be compared, by response class, and what cannot."""

    classes: Mapping[str, ClassComparisons]
    left_out: LeftOut
    single_prompts: int = 0
    """Groups that make no pair: one completion only, or all of the same label."""
    contradictions: tuple[Contradiction, ...] = ()
    classes_without_pairs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    candidates: list[Candidate] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)


def compare(
    candidates: Iterable[Candidate],
    judge: Judge,
    ordering: Ordering,
    features: Mapping[str, Sequence[str]] | None = None,
    left_out: LeftOut | None = None,
) -> Comparisons:
    """
    Compute features and form the ordered pairs of every group.

    ``features`` names each class's, by default those of ``feature_names``. Candidates that lack a
    needed answer, whose label the ordering does not have, or that contradict each other are
    counted in ``left_out``. Raises NothingMatchedError where there is no pair at all.
    """
    left_out = left_out if left_out is not None else LeftOut()
    given = list(candidates)
    total = len(given) + left_out.total
    consistent, contradictions = _without_contradictions(given, ordering, left_out)
    gathered = _gather(consistent, judge, ordering, features, left_out)
    classes: dict[str, ClassComparisons] = {}
    without: list[str] = []
    singles = 0
    for name, (feature_set, rows) in gathered.items():
        comparisons = _class_comparisons(name, feature_set.names, rows, ordering)
        paired = np.unique(comparisons.groups[comparisons.pairs.better])
        singles += len(np.unique(comparisons.groups)) - len(paired)
        if len(comparisons.pairs):
            classes[name] = comparisons
        else:
            without.append(name)
    if not classes:
        raise NothingMatchedError(_nothing(total, left_out, singles))
    return Comparisons(classes, left_out, singles, tuple(contradictions), tuple(without))


def _nothing(total: int, left_out: LeftOut, singles: int) -> str:
    reasons = [f"{count:,} with {reason}" for reason, count in left_out.counts.items()]
    if singles:
        prompts = counted(singles, "prompt")
        reasons.append(f"{prompts} with one completion only or all of the same rank")
    told = f": {'; '.join(reasons)}" if reasons else ""
    hint = "; completions of different prompts are compared with --pairs class" if singles else ""
    completions = counted(total, "completion")
    return f"there is nothing to compare among {completions}{told}{hint}"


def _gather(
    candidates: Iterable[Candidate],
    judge: Judge,
    ordering: Ordering,
    features: Mapping[str, Sequence[str]] | None,
    left_out: LeftOut,
) -> dict[str, tuple[FeatureSet, _Gathered]]:
    gathered: dict[str, tuple[FeatureSet, _Gathered]] = {}
    known = frozenset(ordering.labels)
    for candidate in candidates:
        if candidate.label not in known:
            left_out.add(f"the label '{candidate.label}', which the ordering lacks", candidate.id)
            continue
        name = candidate.response_class
        if name not in gathered:
            chosen = features[name] if features and name in features else feature_names(judge, name)
            gathered[name] = FeatureSet(judge, name, chosen), _Gathered()
        feature_set, rows = gathered[name]
        values = feature_set.values(candidate.probabilities)
        if values is None:
            left_out.add("missing answers", candidate.id)
            continue
        rows.candidates.append(candidate)
        rows.values.append(values)
    return {name: entry for name, entry in gathered.items() if entry[1].candidates}


def _class_comparisons(
    name: str, features: tuple[str, ...], rows: _Gathered, ordering: Ordering
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


def _without_contradictions(
    candidates: list[Candidate], ordering: Ordering, left_out: LeftOut
) -> tuple[list[Candidate], list[Contradiction]]:
    """
    Leave out a completion that stands in one group under labels that beat each other.

    Among preferences it is the pair of prompt and texts that must not be told both ways round; see
    ``preferences``.
    """
    seen: dict[tuple[str, str, str], dict[str, Candidate]] = {}
    bad: set[tuple[str, str, str]] = set()
    contradictions: list[Contradiction] = []
    for candidate in candidates:
        key = _key(candidate)
        labels = seen.setdefault(key, {})
        for label, first in labels.items():
            pair = (label, candidate.label)
            if pair in ordering.margins or pair[::-1] in ordering.margins:
                bad.add(key)
                contradictions.append(Contradiction((first.id, candidate.id), pair))
        labels.setdefault(candidate.label, candidate)
    kept: list[Candidate] = []
    for candidate in candidates:
        if _key(candidate) in bad:
            left_out.add("contradictory labels", candidate.id)
        else:
            kept.append(candidate)
    return kept, contradictions


def _key(candidate: Candidate) -> tuple[str, str, str]:
    """Tell what must not have labels that beat each other: a text of a group and class."""
    return candidate.response_class, candidate.group, candidate.content
