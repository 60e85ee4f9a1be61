from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from small_results import GRADER, RULESET, small_result
from small_sets import rulesets
from strategies import NAMES, partial_assignments

from rbrctl.diff.answer_table import rows_of, table_of
from rbrctl.diff.batch_verdict import BatchJudge
from rbrctl.records.models import Answer, Result
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState


@examples(200)
@given(rulesets(6), st.lists(partial_assignments(), max_size=12))
def test_columns_say_what_the_judge_says_of_each_row(
    ruleset: RuleSet, rows: list[dict[str, bool | None]]
) -> None:
    judge = Judge(ruleset)
    table = table_of(small_result(row, each, each) for row, each in enumerate(rows))
    classes = {"c": table.response_classes.get("c", 0)}
    for columns in (table.answers, table.labels):
        batch = BatchJudge(judge).verdict(columns, classes, table.everything)
        for row, assignment in enumerate(rows):
            verdict = judge.verdict("c", assignment)
            ranks = [rank for rank, bits in batch.ranks.items() if bits >> row & 1]
            assert ranks == ([] if verdict.rank is None else [verdict.rank])
            for id, state in verdict.rules.items():
                assert (batch.held[id] >> row & 1) == (state is RuleState.HELD)
                assert (batch.broken[id] >> row & 1) == (state is RuleState.BROKEN)
                assert (batch.undetermined(id) >> row & 1) == (state is RuleState.UNDETERMINED)


@given(st.sets(st.integers(0, 500)))
def test_rows_of_a_set(rows: set[int]) -> None:
    assert list(rows_of(sum(1 << row for row in rows))) == sorted(rows)


def test_a_table_keeps_what_comparison_needs() -> None:
    repeated = Answer(probability=0.6, digest="q", details={"repeats": [0.4, 0.8]})
    rows = [
        small_result(0, dict.fromkeys(NAMES, True)),
        small_result(1, {"a": None, "b": False}, response_class=None, prompt=0),
        Result("r2", "c2", "p9", {"a": repeated}, GRADER, RULESET, "c", rank_label="bad"),
    ]
    table = table_of(rows)
    assert (table.ids, table.clusters) == (["r0", "r1", "r2"], [0, 0, 1])
    assert table.response_classes == {"c": 0b101}
    assert table.rank_labels == {"bad": 0b100}
    assert table.answers.true == {"a": 0b101, "b": 0b001, "c": 0b001, "d": 0b001}
    assert table.answers.false["b"] == 0b010
    assert table.failed == 0b010
    assert [columns.true.get("a", 0) for columns in table.repeats] == [0, 0b100]
    assert table.digests["a"] == {"q-a": 1, "q": 1}
    assert table.rulesets == {RULESET: 3}
