"""The ranks of two rule sets in one common order, where that exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class RankChange:
    """How the list of ranks changed. Renamed ranks are recognised by their position."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Old name to new name."""
    order: tuple[str, ...] | None = None
    """All ranks best first, renamed ones by their new name; None where the two orders do not tell
    which of some two ranks is better."""

    @property
    def changed(self) -> bool:
        """True unless both lists are the same."""
        return self.old != self.new

    @property
    def reordered(self) -> bool:
        """True if the two orders contradict each other."""
        old = [self.renamed.get(rank, rank) for rank in self.old]
        common = [rank for rank in old if rank in self.new]
        return common != [rank for rank in self.new if rank in old]

    def position_of_old(self, rank: str) -> int:
        """Return the position of one of the old set's ranks in ``order``, 0 for the best."""
        return self._order().index(self.renamed.get(rank, rank))

    def position_of_new(self, rank: str) -> int:
        """Return the position of one of the new set's ranks in ``order``, 0 for the best."""
        return self._order().index(rank)

    def _order(self) -> tuple[str, ...]:
        if self.order is None:
            raise ValueError("the ranks have no common order")
        return self.order


def compare_ranks(old: Sequence[str], new: Sequence[str]) -> RankChange:
    """Return what was added, removed and renamed, and the common order."""
    renamed = _renamed(old, new)
    carried = [renamed.get(rank, rank) for rank in old]
    return RankChange(
        old=tuple(old),
        new=tuple(new),
        added=tuple(rank for rank in new if rank not in carried),
        removed=tuple(rank for rank in old if rank not in new and rank not in renamed),
        renamed=renamed,
        order=_common_order(carried, new),
    )


def _renamed(old: Sequence[str], new: Sequence[str]) -> dict[str, str]:
    """Pair ranks that have no namesake but stand in the same gap between those that have."""
    common = [rank for rank in old if rank in new]
    if common != [rank for rank in new if rank in old]:
        return {}
    pairs: dict[str, str] = {}
    for old_gap, new_gap in zip(_gaps(old, common), _gaps(new, common), strict=True):
        if len(old_gap) == len(new_gap):
            pairs.update(zip(old_gap, new_gap, strict=True))
    return pairs


def _gaps(ranks: Sequence[str], common: Sequence[str]) -> list[list[str]]:
    gaps: list[list[str]] = [[]]
    for rank in ranks:
        if rank in common:
            gaps.append([])
        else:
            gaps[-1].append(rank)
    return gaps


def _common_order(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...] | None:
    after: dict[str, set[str]] = {rank: set() for rank in (*old, *new)}
    for ranks in (old, new):
        for better, worse in pairwise(ranks):
            after[worse].add(better)
    try:
        order = tuple(TopologicalSorter(after).static_order())
    except CycleError:
        return None
    # Only where each follows the one before it directly is no other order possible.
    told = all(better in after[worse] for better, worse in pairwise(order))
    return order if told else None
