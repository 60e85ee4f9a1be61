"""Rules that no proof can decide: a command gives up once, and not again for each of its parts."""

import asyncio
from contextlib import aclosing
from itertools import combinations

import pytest
from graders_for_tests import OracleGrader
from small_sets import small_set

from rbrctl.diff.meaning import Relation
from rbrctl.diff.rulesets import compare_rulesets
from rbrctl.grading.engine import Engine, EngineOptions
from rbrctl.grading.plan import Ask
from rbrctl.records.transcripts import parse_transcript
from rbrctl.ruleset import diagram as diagrams
from rbrctl.ruleset.verdict import Judge

PIGEONS = 12
HOLES = range(PIGEONS - 1)
NAMES = [f"p{p}h{h}" for p in range(PIGEONS) for h in HOLES]
# The classic hard case: more pigeons than holes, each in one, and no two in the same.
SOMEWHERE = [" or ".join(f"p{p}h{h}" for h in HOLES) for p in range(PIGEONS)]
APART = [f"not (p{p}h{h} and p{q}h{h})" for h in HOLES for p, q in combinations(range(PIGEONS), 2)]
BUDGET = 50_000


class Counted:
    """Counts the nodes that all diagrams make or look up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.nodes = 0
        make = diagrams.Diagram._node

        def counted(diagram: diagrams.Diagram, level: int, low: int, high: int) -> int:
            self.nodes += 1
            return make(diagram, level, low, high)

        monkeypatch.setattr(diagrams.Diagram, "_node", counted)


def test_a_diff_gives_up_once_and_not_for_each_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagrams, "FAILURES_BUDGET", BUDGET)
    counted = Counted(monkeypatch)
    work = []
    for count in (4, 8):
        names = (*NAMES, *(f"x{number}" for number in range(count)))
        joined = {
            word: {
                f"r{n}": (f"p{n}h0 or p{n + 1}h1 {word} not p{n + 2}h2 {word} x{n}", "poor")
                for n in range(count)
            }
            for word in ("and", "or")
        }
        old, new = (
            small_set(rules, [*SOMEWHERE, *APART], names=names) for rules in joined.values()
        )
        counted.nodes = 0
        comparison = compare_rulesets(old, new)
        work.append(counted.nodes)
        assert comparison.relation is Relation.UNDECIDED
        relations = {rule.requirement and rule.requirement.relation for rule in comparison.rules}
        assert relations == {Relation.UNDECIDED}
    assert max(work) < 2 * BUDGET
    assert work[1] < 1.2 * work[0]


def test_lazy_asking_of_rules_that_nothing_can_be_proved_of_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diagrams, "FAILURES_BUDGET", BUDGET)
    counted = Counted(monkeypatch)
    rules = {f"r{number}": (each, "poor") for number, each in enumerate([*SOMEWHERE, *APART])}
    judge = Judge(small_set(rules, names=tuple(NAMES)))
    made = counted.nodes
    grader = OracleGrader(judge.ruleset)
    grader.asks_together = False
    # The pigeons sit in holes of their own, but for the last one, which has none.
    labels = {f"p{p}h{h}": p == h for p in range(PIGEONS) for h in HOLES}
    row = {"prompt": "Hi.", "response_class": "c", "labels": labels}
    transcripts = [
        parse_transcript({**row, "id": str(number), "completion": f"No. {number}"})
        for number in range(4)
    ]

    async def grade() -> list[str | None]:
        engine = Engine(judge, grader, EngineOptions(Ask.LAZY))
        async with aclosing(engine.results(transcripts)) as results:
            return [result.rank async for result in results]

    assert asyncio.run(grade()) == ["poor"] * 4
    assert 0 < len(grader.calls) <= 4 * len(NAMES)
    assert counted.nodes - made < 2 * BUDGET
