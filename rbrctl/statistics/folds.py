"""Folds for cross-validation that keep the rows of one group together."""

import hashlib
from collections import Counter
from collections.abc import Sequence

FOLDS = 5


def grouped_folds(groups: Sequence[str], folds: int = FOLDS, seed: int = 0) -> list[int]:
    """
    Return the fold of each row, from 0 to ``folds`` - 1; rows of one group are in one fold.

    Groups are assigned largest first, each to the fold with the fewest rows so far; groups of equal
    size come in an order that depends on ``seed``. The outcome depends only on the groups and the
    seed, not on the order of the rows. Raises ValueError if there are fewer groups than folds, or
    fewer than two folds.
    """
    sizes = Counter(groups)
    if folds < 2 or len(sizes) < folds:
        raise ValueError(f"{len(sizes)} groups cannot fill {folds} folds")
    fold_of: dict[str, int] = {}
    rows = [0] * folds
    for group in sorted(sizes, key=lambda group: (-sizes[group], _shuffled(group, seed))):
        fold = min(range(folds), key=rows.__getitem__)
        fold_of[group] = fold
        rows[fold] += sizes[group]
    return [fold_of[group] for group in groups]


def _shuffled(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {group}".encode("utf-8", "surrogatepass")).digest()
