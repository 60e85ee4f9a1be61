"""
Form the ordered pairs of the completions of each group.

This module knows arrays only, no rules, so that importing it costs little.
"""

from dataclasses import dataclass

import numpy as np

from rbrctl.errors import UsageError
from rbrctl.rewards.arrays import Indices, Mask

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
