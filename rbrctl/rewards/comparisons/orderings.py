"""Orderings: which labels beat which, and by what margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rbrctl.errors import UsageError
from rbrctl.wording import did_you_mean

CHOSEN, REJECTED = "chosen", "rejected"
DEFAULT_MARGIN = 1.0


@dataclass(frozen=True, slots=True)
class Ordering:
    """Labels, and for each the labels that it beats with the margin in reward it should have."""

    labels: tuple[str, ...]
    margins: Mapping[tuple[str, str], float]
    """(better, worse) -> margin; a pair that is absent is not compared."""

    @property
    def best(self) -> frozenset[str]:
        """The labels that nothing beats."""
        beaten = {worse for _, worse in self.margins}
        return frozenset(label for label in self.labels if label not in beaten)


def rank_ordering(
    ranks: Sequence[str], margin: float = DEFAULT_MARGIN, levels: Mapping[str, float] | None = None
) -> Ordering:
    """
    Order by rank, best first.

    Without ``levels`` every better rank should win by ``margin``; with them (a real number for each
    rank, falling) by the difference of the two levels. Raises UsageError for levels that do not
    name every rank once or do not fall.
    """
    _check_margin(margin)
    if levels:
        _check_levels(ranks, levels)
    margins = {
        (better, worse): levels[better] - levels[worse] if levels else margin
        for position, better in enumerate(ranks)
        for worse in ranks[position + 1 :]
    }
    return Ordering(tuple(ranks), margins)


def preference_ordering(margin: float = DEFAULT_MARGIN) -> Ordering:
    """Order what a person chose above what the person rejected."""
    _check_margin(margin)
    return Ordering((CHOSEN, REJECTED), {(CHOSEN, REJECTED): margin})


def table_ordering(
    beats: Mapping[str, Sequence[str]],
    margin: float = DEFAULT_MARGIN,
    levels: Mapping[str, float] | None = None,
) -> Ordering:
    """
    Order by a table: each label and the labels that it beats.

    Raises UsageError where two labels beat each other, directly or in a circle.
    """
    _check_margin(margin)
    labels = tuple(dict.fromkeys([*beats, *(worse for each in beats.values() for worse in each)]))
    circle = _circle(beats)
    if circle:
        raise UsageError(
            f"the orderings contradict each other: {' beats '.join(circle)}; take one of these out"
        )
    margins: dict[tuple[str, str], float] = {}
    for better, losers in beats.items():
        for worse in losers:
            margins[better, worse] = _level_margin(better, worse, margin, levels)
    return Ordering(labels, margins)


def _level_margin(
    better: str, worse: str, margin: float, levels: Mapping[str, float] | None
) -> float:
    if not levels or better not in levels or worse not in levels:
        return margin
    if levels[better] <= levels[worse]:
        raise UsageError(
            f"{better} beats {worse}, but its level {levels[better]:g} is not above "
            f"{levels[worse]:g}"
        )
    return levels[better] - levels[worse]


def _circle(beats: Mapping[str, Sequence[str]]) -> list[str]:
    """Find a label that beats itself through others; give the way round, or nothing."""
    done: set[str] = set()
    for start in beats:
        path: list[str] = []
        pending: list[tuple[str, bool]] = [(start, True)]
        while pending:
            label, entering = pending.pop()
            if not entering:
                path.pop()
                done.add(label)
            elif label in path:
                return [*path[path.index(label) :], label]
            elif label not in done:
                path.append(label)
                pending.append((label, False))
                pending += [(worse, True) for worse in beats.get(label, ())]
    return []


def _check_margin(margin: float) -> None:
    if not 0 < margin < 1e6:
        raise UsageError(f"the margin must be a positive number, not {margin:g}")


def _check_levels(ranks: Sequence[str], levels: Mapping[str, float]) -> None:
    for name in levels:
        if name not in ranks:
            hint = did_you_mean(name, ranks) or f"the ranks are {', '.join(ranks)}"
            raise UsageError(f"there is no rank '{name}' to give a level; {hint}")
    missing = [rank for rank in ranks if rank not in levels]
    if missing:
        raise UsageError(f"give every rank a level or none: {', '.join(missing)} have none")
    for better, worse in pairwise(ranks):
        if not levels[better] > levels[worse]:
            raise UsageError(
                f"the level of {better} must be above that of {worse}: "
                f"{levels[better]:g} is not above {levels[worse]:g}"
            )
