"""Reduced ordered binary decision diagrams: exact answers about boolean functions of many names."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rbrctl.errors import UndecidedError
from rbrctl.ruleset.expressions import And, Expression, Implies, Name, Not, Or

FALSE = 0
TRUE = 1
DEFAULT_BUDGET = 400_000
FAILURES_BUDGET = 5 * DEFAULT_BUDGET
"""Nodes and steps that the failed attempts on one diagram may take together."""


class Diagram:
    """
    A forest of boolean functions that share their parts; equal functions are the same node.

    A node is an int; ``FALSE`` and ``TRUE`` are the constants. Variables are ordered by first use.
    Every operation that makes nodes raises UndecidedError once nodes and remembered steps together
    pass the budget. Source: Bryant, Graph-Based Algorithms for Boolean Function Manipulation
    (1986); ``ite`` after Brace, Rudell and Bryant (1990), with a stack of its own in place of
    recursion, so that no depth of variables can exhaust Python's.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        """Start with the two constants and room for ``budget`` nodes and steps."""
        self._budget = budget
        self._names: list[str] = []
        self._levels: dict[str, int] = {}
        last = 1 << 60
        self._nodes: list[tuple[int, int, int]] = [(last, 0, 0), (last, 1, 1)]
        self._unique: dict[tuple[int, int, int], int] = {}
        self._steps: dict[tuple[int, int, int], int] = {}
        self._supports: dict[int, frozenset[str]] = {}
        self._failures_left = FAILURES_BUDGET

    @property
    def size(self) -> int:
        """The number of nodes and remembered steps, which the budget limits."""
        return len(self._nodes) + len(self._steps)

    def variable(self, name: str) -> int:
        """Return the function that is true wherever ``name`` is true."""
        if name not in self._levels:
            self._levels[name] = len(self._names)
            self._names.append(name)
        return self._node(self._levels[name], FALSE, TRUE)

    def build(self, expression: Expression, bound: Mapping[str, int] | None = None) -> int:
        """Return the function of an expression, with names in ``bound`` replaced by functions."""
        match expression:
            case Name(name):
                return bound[name] if bound and name in bound else self.variable(name)
            case Not(operand):
                return self.negate(self.build(operand, bound))
            case And(operands):
                return self.conjunction(self.build(operand, bound) for operand in operands)
            case Or(operands):
                return self.disjunction(self.build(operand, bound) for operand in operands)
            case Implies(premise, conclusion):
                return self.ite(self.build(premise, bound), self.build(conclusion, bound), TRUE)

    def negate(self, node: int) -> int:
        """Return the negation of a function."""
        return self.ite(node, FALSE, TRUE)

    def conjunction(self, nodes: Iterable[int]) -> int:
        """Return the conjunction of functions; TRUE if there are none."""
        result = TRUE
        for node in self._deepest_first(nodes):
            result = self.ite(node, result, FALSE)
        return result

    def disjunction(self, nodes: Iterable[int]) -> int:
        """Return the disjunction of functions; FALSE if there are none."""
        result = FALSE
        for node in self._deepest_first(nodes):
            result = self.ite(node, TRUE, result)
        return result

    def _deepest_first(self, nodes: Iterable[int]) -> list[int]:
        # Put on top of what is there, a function costs its own size; put below, the whole.
        return sorted(nodes, key=lambda node: self._nodes[node][0], reverse=True)

    def ite(self, condition: int, then: int, otherwise: int) -> int:
        """Return the function that equals ``then`` if ``condition`` is true, else ``otherwise``."""
        results: list[int] = []
        todo: list[tuple[int, int, int, int]] = [(condition, then, otherwise, -1)]
        while todo:
            f, g, h, level = todo.pop()
            if level >= 0:
                low, high = results.pop(), results.pop()
                self._steps[f, g, h] = node = self._node(level, low, high)
                results.append(node)
            elif (known := self._shortcut(f, g, h)) is not None:
                results.append(known)
            else:
                # Shannon's expansion on the topmost variable of the three.
                nodes = self._nodes
                level = min(nodes[f][0], nodes[g][0], nodes[h][0])
                split = [(n, n) if nodes[n][0] != level else nodes[n][1:] for n in (f, g, h)]
                # Taken up again when both branches below have left their results.
                todo.append((f, g, h, level))
                todo.append((split[0][0], split[1][0], split[2][0], -1))
                todo.append((split[0][1], split[1][1], split[2][1], -1))
        return results[0]

    def _shortcut(self, f: int, g: int, h: int) -> int | None:
        if f == TRUE:
            return g
        if f == FALSE:
            return h
        if g == h:
            return g
        if g == TRUE and h == FALSE:
            return f
        return self._steps.get((f, g, h))

    def _node(self, level: int, low: int, high: int) -> int:
        if low == high:
            return low
        key = (level, low, high)
        node = self._unique.get(key)
        if node is None:
            if len(self._nodes) + len(self._steps) > self._budget:
                raise UndecidedError(f"the proof needs more than {self._budget:,} diagram nodes")
            node = self._unique[key] = len(self._nodes)
            self._nodes.append(key)
        return node

    @contextmanager
    def attempt(self, budget: int, *, keep: bool) -> Iterator[None]:
        """
        Allow ``budget`` more nodes and steps within the block.

        Unless ``keep``, and always where the block raises, no node that is made within outlives it.

        Attempts that fail share FAILURES_BUDGET: a rule set that is too entangled for one proof is
        so for most others, and a command that asks for thousands of them must still end. Once it
        is spent, an attempt raises UndecidedError at the first node that it would have to make.
        """
        tables: list[dict[Any, Any]]
        tables = [self._unique, self._steps, self._supports, self._levels]
        sizes = [len(table) for table in tables]
        count, before = len(self._nodes), self._budget
        start = self.size
        self._budget = start + min(budget, max(0, self._failures_left))
        try:
            yield
        except BaseException as error:
            if isinstance(error, UndecidedError):
                self._failures_left -= self.size - start
            keep = False
            raise
        finally:
            self._budget = before
            if not keep:
                del self._nodes[count:]
                del self._names[sizes[-1] :]
                for table, size in zip(tables, sizes, strict=True):
                    # A dict gives up its newest entries first, and these are the ones to forget.
                    while len(table) > size:
                        table.popitem()

    def restrict(self, node: int, assignment: Mapping[str, bool]) -> int:
        """Return the function with the names in ``assignment`` fixed to those values."""
        fixed = {self._levels[n]: v for n, v in assignment.items() if n in self._levels}
        images = {FALSE: FALSE, TRUE: TRUE}
        for current in self._ascending(node):
            level, low, high = self._nodes[current]
            if level in fixed:
                images[current] = images[high if fixed[level] else low]
            else:
                images[current] = self._node(level, images[low], images[high])
        return images[node]

    def value(self, node: int, assignment: Mapping[str, bool | None]) -> bool | None:
        """Return the value if it is the same however the unknown names are filled in, else None."""
        seen: set[int] = set()
        todo = [node]
        while todo:
            current = todo.pop()
            while current > TRUE:
                if current in seen:
                    break
                level, low, high = self._nodes[current]
                known = assignment.get(self._names[level])
                if known is None:
                    seen.add(current)
                    todo.append(high)
                    current = low
                else:
                    current = high if known else low
            seen.add(current)
            if FALSE in seen and TRUE in seen:
                return None
        return TRUE in seen

    def holds(self, node: int, assignment: Mapping[str, bool]) -> bool:
        """Return the function's value; names that are absent count as false."""
        nodes, names = self._nodes, self._names
        while node > TRUE:
            level, low, high = nodes[node]
            node = high if assignment.get(names[level]) else low
        return node == TRUE

    def probability(self, node: int, probabilities: Mapping[str, float]) -> float:
        """
        Return P(true) of the function if its names are independent with those probabilities.

        Names of its support that are absent raise KeyError.
        """
        chance = {FALSE: 0.0, TRUE: 1.0}
        for current in self._ascending(node):
            level, low, high = self._nodes[current]
            p = probabilities[self._names[level]]
            chance[current] = p * chance[high] + (1.0 - p) * chance[low]
        return chance[node]

    def share(self, node: int) -> float:
        """Return the share of all assignments on which the function is true."""
        return self.probability(node, dict.fromkeys(self._names, 0.5))

    def support(self, node: int) -> frozenset[str]:
        """Return the names that the function depends on."""
        support = self._supports.get(node)
        if support is None:
            below = self._ascending(node)
            support = frozenset(self._names[self._nodes[each][0]] for each in below)
            self._supports[node] = support
        return support

    def smallest_model(self, node: int) -> dict[str, bool] | None:
        """
        Return an assignment that makes the function true, with the fewest names true.

        It holds the names on the way only; any others are free. None where there is none. Of
        equally small ones, the one whose early names are false.
        """
        if node == FALSE:
            return None
        cost = {FALSE: float("inf"), TRUE: 0.0}
        for current in self._ascending(node):
            _, low, high = self._nodes[current]
            cost[current] = min(cost[low], cost[high] + 1)
        model: dict[str, bool] = {}
        while node > TRUE:
            level, low, high = self._nodes[node]
            taken = cost[high] + 1 < cost[low]
            model[self._names[level]] = taken
            node = high if taken else low
        return model

    def branches(self, node: int) -> tuple[str, int, int]:
        """Return a node's name and what remains when it is false and when it is true."""
        level, low, high = self._nodes[node]
        return self._names[level], low, high

    def _ascending(self, node: int) -> Iterator[int]:
        """Walk the inner nodes below and including ``node``, children before parents."""
        seen: set[int] = set()
        todo = [node]
        while todo:
            current = todo.pop()
            if current > TRUE and current not in seen:
                seen.add(current)
                todo.extend(self._nodes[current][1:])
        # A node is only ever made after its children, so that numbers ascend from the leaves.
        return iter(sorted(seen))
