"""Comparisons: the completions of one response class as arrays, and the pairs to be ordered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.rewards.arrays import Floats, Indices, Mask
from rbrctl.rewards.features import FeatureSet, feature_names
from rbrctl.rewards.pairs.candidates import Candidate, SkipCounts
from rbrctl.rewards.pairs.contradictions import Contradiction, without_contradictions
from rbrctl.rewards.pairs.orderings import Ordering
from rbrctl.ruleset.verdict import Judge
from rbrctl.wording import counted

MAX_PAIRS = 50_000_000
"""More pairs would fill the memory of a usual machine."""
_BLOCK = 2_000_000
"""Number of candidate pairs formed at a time, which bounds the memory for temporary arrays."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The positions of the better and the worse completion of every pair."""

    better: Indices
    worse: Indices

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.better)

    def chosen(self, mask: Mask) -> "Pairs":
        """Return the pairs that are marked."""
        return Pairs(self.better[mask], self.worse[mask])


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


def form_pairs(groups: Indices, labels: Indices, beats: Mask) -> Pairs:
    """
    Return all pairs of completions of one group whose labels say which is better.

    Args:
        groups: The number of each completion's group.
        labels: The number of each completion's label.
        beats: Labels by labels; ``beats[a, b]`` is true if label a is better than label b.

    Raises UsageError if the groups are so large that the pairs would fill the memory.

    """
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else ordered
    sizes = np.diff(np.r_[starts, len(ordered)])
    squares = np.cumsum(sizes * sizes)
    if len(squares) and squares[-1] > MAX_PAIRS:
        raise UsageError(
            f"these completions would make up to {squares[-1]:,} pairs, more than {MAX_PAIRS:,}: "
            "give fewer of them, or compare only completions of one prompt"
        )
    better: list[Indices] = []
    worse: list[Indices] = []
    first = 0
    while first < len(starts):
        # Take as many whole groups as fit into a block, but at least one.
        done = squares[first - 1] if first else 0
        last = max(int(np.searchsorted(squares, done + _BLOCK)), first + 1)
        block = _pairs_of_groups(labels[order], beats, starts[first:last], sizes[first:last])
        better.append(order[block.better])
        worse.append(order[block.worse])
        first = last
    empty = np.zeros(0, dtype=np.intp)
    return Pairs(np.concatenate([empty, *better]), np.concatenate([empty, *worse]))


def _pairs_of_groups(labels: Indices, beats: Mask, starts: Indices, sizes: Indices) -> Pairs:
    """Form the pairs of some groups, each a run of completions, without a loop over the groups."""
    # Every member of a group is repeated once for each member, and paired with all of them in turn;
    # then the pairs are kept in which the first label beats the second.
    members = np.repeat(starts - np.r_[0, np.cumsum(sizes)[:-1]], sizes) + np.arange(sizes.sum())
    partners = np.repeat(sizes, sizes)
    better = np.repeat(members, partners)
    within = np.arange(len(better)) - np.repeat(np.cumsum(partners) - partners, partners)
    worse = np.repeat(np.repeat(starts, sizes), partners) + within
    kept = beats[labels[better], labels[worse]]
    return Pairs(better[kept], worse[kept])
