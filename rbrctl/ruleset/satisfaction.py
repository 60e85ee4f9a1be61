"""A search for an assignment that makes many functions true, without one diagram of them all."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import nlargest
from itertools import islice
from typing import TypeVar

from rbrctl.ruleset.diagram import FALSE, TRUE
from rbrctl.ruleset.logic import RuleLogic

MAX_RETREATS = 2_000
"""Choices that one search may take back before the diagram is asked instead."""
DIAGRAM_BUDGET = 200_000
"""Nodes and steps that the diagram may then take."""

_ASSUMED = ""
"""The key of the function that a question assumes."""

_FIRST_PATIENCE = 32
"""Choices that the first attempt may take back; each later attempt may take back twice as many."""
_COMPARED_WAYS = 6
"""Ways of mending that are counted of one function: more than that are as good as many."""
_COMPARED_FUNCTIONS = 12
"""Broken functions that are compared, to mend the one with the fewest ways first."""

Item = TypeVar("Item")
Path = tuple[tuple[str, bool], ...]


class Constraints:
    """
    Functions that are all to be true, each under a key, and the search for an assignment.

    A search starts from an assignment that fits all of the functions, changes what the question
    asks, and mends only what that breaks: the paths of a diagram to TRUE exclude each other, so
    that trying each of them in turn is exhaustive. After some retreats it begins anew from where it
    stands, and turns first to the functions that failed most. After MAX_RETREATS a diagram of the
    connected functions decides; UndecidedError where even that is too large.
    """

    def __init__(self, logic: RuleLogic, nodes: Mapping[str, int]) -> None:
        """Take the functions by key, and find a first assignment that fits all, if there is one."""
        self._logic = logic
        self._nodes = dict(nodes)
        self._users: dict[str, list[str]] = {}
        for key, node in self._nodes.items():
            for name in logic.diagram.support(node):
                self._users.setdefault(name, []).append(key)
        self._weights: Counter[str] = Counter()
        self._base: dict[str, bool] = {}
        self._has_base = False
        base = self.model()
        if base is not None:
            self._base, self._has_base = base, True

    @property
    def satisfiable(self) -> bool:
        """True when some assignment fits all."""
        return self._has_base

    @contextmanager
    def extended(self, nodes: Mapping[str, int]) -> Iterator[None]:
        """
        Demand more functions, under new keys, within the block.

        Give ``model`` a start that fits them: the assignment that fits the others may not.
        """
        added = {key: self._logic.diagram.support(node) for key, node in nodes.items()}
        self._nodes.update(nodes)
        for key, support in added.items():
            for name in support:
                self._users.setdefault(name, []).append(key)
        try:
            yield
        finally:
            for key, support in reversed(added.items()):
                del self._nodes[key]
                for name in support:
                    # What was added last is taken away first, so that it stands at the end.
                    self._users[name].pop()

    def narrow(self, key: str, node: int) -> None:
        """Put a function that needs no other names in the place of the one under ``key``."""
        self._nodes[key] = node

    def model(
        self,
        assumed: int = TRUE,
        without: Collection[str] = (),
        start: Mapping[str, bool] | None = None,
        unfit: Iterable[str] = (),
    ) -> dict[str, bool] | None:
        """
        Return an assignment that fits ``assumed`` and all functions but those ``without``.

        Names that are absent are false. None if there is no such assignment. The search changes as
        little as it can of ``start``, which fits all functions but ``unfit`` and ``without``; with
        none, of the assignment that fits the functions that were given at first.
        """
        if assumed == FALSE:
            return None
        suspects = unfit if start is not None or self._has_base else self._nodes
        try:
            search = _Search(self._nodes, assumed, without, self._users, self._weights, self._logic)
            return search.run(self._base if start is None else start, suspects)
        except _TooLongError:
            nodes = [node for key, node in self._nodes.items() if key not in without]
            with self._logic.diagram.attempt(DIAGRAM_BUDGET, keep=False):
                return self._logic.counterexample([assumed, *nodes])


class _TooLongError(Exception):
    """The search has taken back MAX_RETREATS choices."""


class _Search:
    """One search: a stack of choices, each a function that was broken and the ways to mend it."""

    def __init__(
        self,
        nodes: Mapping[str, int],
        assumed: int,
        without: Collection[str],
        users: Mapping[str, Sequence[str]],
        weights: Counter[str],
        logic: RuleLogic,
    ) -> None:
        self._nodes = nodes
        self._assumed = assumed
        self._without = without
        self._users = users
        self._weights = weights
        self._diagram = logic.diagram
        self._values: dict[str, bool] = {}
        self._fixed: list[tuple[str, bool | None]] = []
        self._fixed_names: set[str] = set()

    def run(self, base: Mapping[str, bool], suspects: Iterable[str]) -> dict[str, bool] | None:
        self._values = dict(base)
        patience = _FIRST_PATIENCE
        while patience <= MAX_RETREATS:
            try:
                return self._values if self._mend(suspects, patience) else None
            except _TooLongError:
                # What failed most weighs most when it begins anew from where it stands.
                self._fixed, self._fixed_names = [], set()
                suspects, patience = self._nodes, patience * 2
        raise _TooLongError

    def _mend(self, suspects: Iterable[str], patience: int) -> bool:
        """Mend all that is broken among ``suspects``; false where that cannot be done."""
        broken = self._broken([key for key in suspects if key not in self._without])
        choices: list[tuple[Iterator[Path], int, list[str]]] = []
        while broken:
            choices.append((self._ways(broken), len(self._fixed), broken))
            path = next(choices[-1][0], None)
            while path is None:
                choices.pop()
                patience -= 1
                if not choices:
                    return False
                if patience < 0:
                    raise _TooLongError
                self._undo(choices[-1][1])
                path = next(choices[-1][0], None)
            touched = self._take(path)
            broken = self._broken(dict.fromkeys([*choices[-1][2], *touched]))
        return True

    def _broken(self, keys: Iterable[str]) -> list[str]:
        holds, values, nodes = self._diagram.holds, self._values, self._nodes
        broken = [key for key in keys if key != _ASSUMED and not holds(nodes[key], values)]
        if not holds(self._assumed, values):
            broken.append(_ASSUMED)
        return broken

    def _ways(self, broken: list[str]) -> Iterator[Path]:
        """Return the repairs of the broken function that has the fewest of them."""
        best, fewest = broken[-1], float("inf")
        for key in nlargest(_COMPARED_FUNCTIONS, broken, self._weights.__getitem__):
            ways = sum(1 for _ in islice(self._paths(key), _COMPARED_WAYS))
            if ways / (1 + self._weights[key]) < fewest:
                best, fewest = key, ways / (1 + self._weights[key])
            if ways <= 1:
                self._weights[key] += ways == 0
                return self._paths(key)
        return self._paths(best)

    def _paths(self, key: str) -> Iterator[Path]:
        """Walk a function's paths to TRUE that fit what is fixed, those of least change first."""
        start = self._assumed if key == _ASSUMED else self._nodes[key]
        todo: list[tuple[int, Path]] = [(start, ())]
        while todo:
            node, path = todo.pop()
            if node == TRUE:
                yield path
            if node <= TRUE:
                continue
            name, low, high = self._diagram.branches(node)
            value = self._values.get(name, False)
            likely, unlikely = (high, low) if value else (low, high)
            if name not in self._fixed_names:
                todo.append((unlikely, (*path, (name, not value))))
            todo.append((likely, (*path, (name, value))))

    def _take(self, path: Path) -> list[str]:
        """Fix a path's values; give the keys of the functions that a change may have broken."""
        touched: list[str] = []
        for name, value in path:
            if name in self._fixed_names:
                continue
            before = self._values.get(name)
            self._fixed.append((name, before))
            self._fixed_names.add(name)
            self._values[name] = value
            if bool(before) != value:
                touched += [key for key in self._users.get(name, ()) if key not in self._without]
        return touched

    def _undo(self, mark: int) -> None:
        while len(self._fixed) > mark:
            name, before = self._fixed.pop()
            self._fixed_names.discard(name)
            if before is None:
                del self._values[name]
            else:
                self._values[name] = before


def minimal_conflict(
    items: Sequence[Item], satisfiable: Callable[[Sequence[Item]], bool]
) -> list[Item]:
    """
    Return a minimal part of ``items`` that cannot be satisfied, in their order.

    Another such part may be shorter. ``items`` together must
    not be satisfiable. Takes about ``len(result) * log2(len(items))`` questions.
    """
    conflict: list[Item] = []
    candidates = list(items)
    while satisfiable(conflict):
        low, high = 1, len(candidates)
        while low < high:
            middle = (low + high) // 2
            if satisfiable([*conflict, *candidates[:middle]]):
                low = middle + 1
            else:
                high = middle
        conflict.insert(0, candidates[high - 1])
        del candidates[high - 1 :]
    return conflict
