"""All ordered pairs of completions, formed group by group without comparing across groups."""

from dataclasses import dataclass

import numpy as np

from rbrctl.errors import UsageError
from rbrctl.rewards.arrays import Indices, Mask

MAX_PAIRS = 50_000_000
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Positions of the better and the worse completion of every pair."""

    better: Indices
    worse: Indices

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.better)

    def chosen(self, mask: Mask) -> "Pairs":
        """Keep some of the pairs."""
        return Pairs(self.better[mask], self.worse[mask])


def form_pairs(groups: Indices, labels: Indices, beats: Mask) -> Pairs:
    """
    Pair completions of one group whose labels say which is better.

    ``groups`` and ``labels`` number each completion's group and label; ``beats[a, b]`` says that
    label ``a`` is better than ``b``. Raises UsageError where the groups are so large that the pairs
    would fill the memory.
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
        done = squares[first - 1] if first else 0
        last = max(int(np.searchsorted(squares, done + _BLOCK)), first + 1)
        block = _block(labels[order], beats, starts[first:last], sizes[first:last])
        better.append(order[block.better])
        worse.append(order[block.worse])
        first = last
    empty = np.zeros(0, dtype=np.intp)
    return Pairs(np.concatenate([empty, *better]), np.concatenate([empty, *worse]))


def _block(labels: Indices, beats: Mask, starts: Indices, sizes: Indices) -> Pairs:
    """Form the pairs of some groups, each a run of completions, in one sweep."""
    members = np.repeat(starts - np.r_[0, np.cumsum(sizes)[:-1]], sizes) + np.arange(sizes.sum())
    partners = np.repeat(sizes, sizes)
    better = np.repeat(members, partners)
    within = np.arange(len(better)) - np.repeat(np.cumsum(partners) - partners, partners)
    worse = np.repeat(np.repeat(starts, sizes), partners) + within
    kept = beats[labels[better], labels[worse]]
    return Pairs(better[kept], worse[kept])
