from dataclasses import replace

import pytest
from small_results import small_result
from small_sets import HERE, small_set

from rbrctl.diff.accuracy import compare_accuracy
from rbrctl.diff.answer_table import TableBuilder, table_of
from rbrctl.diff.comparison import Comparison
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.gates import (
    GateOutcome,
    asked_gates,
    check_evidence,
    failures,
    not_judged,
    outcomes,
    parse_gates,
    skipped,
)
from rbrctl.diff.pairing import one_table, pair_tables
from rbrctl.diff.rulesets import compare_rulesets
from rbrctl.errors import UsageError
from rbrctl.ruleset.model import ResponseClass, RuleSet

STRICT = small_set({"no-a": ("not a", "bad"), "no-b": ("not b", "poor")})
LAX = small_set({"no-a": ("not a", "bad")})
OTHER = small_set({"no-a": ("not a", "bad"), "no-c": ("not c", "poor")})


def of_rules(old: RuleSet, new: RuleSet) -> Comparison:
    return Comparison("old", "new", meaning=compare_rulesets(old, new))


def reasons(gates: list[str], comparison: Comparison) -> list[str]:
    return [failure.message for failure in failures(parse_gates(gates), comparison)]


def test_gates_are_read_as_written() -> None:
    assert [str(gate) for gate in parse_gates([])] == ["protection", "regression"]
    assert parse_gates(["default,laxer"]) == (*parse_gates([]), *parse_gates(["laxer"]))
    assert [str(gate) for gate in asked_gates(["default,laxer"])] == ["laxer"]
    assert parse_gates(["none"]) == ()
    written = ["changed", "laxer", "flips:3", "accuracy-drop:0.02"]
    assert [str(gate) for gate in parse_gates(written)] == written
    assert parse_gates(["laxer,flips:3", "laxer"]) == parse_gates(["laxer", "flips:3"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lax", "there is no gate 'lax'; did you mean 'laxer'?"),
        ("flips", "write how many may move, as 'flips:0'"),
        ("flips:-1", "write how many may move"),
        ("accuracy-drop:2", "write a share"),
        ("accuracy-drop:nan", "write a share"),
        ("laxer:3", "'laxer' takes no limit"),
        ("none,laxer", "cannot be combined with other gates"),
    ],
)
def test_gates_that_cannot_be_read(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        parse_gates([word])


def test_laxer_also_fires_on_neither_and_undecided() -> None:
    assert reasons(["laxer"], of_rules(STRICT, LAX)) == ["c is laxer"]
    assert reasons(["laxer"], of_rules(LAX, STRICT)) == []
    assert reasons(["laxer"], of_rules(STRICT, OTHER)) == ["c is neither stricter nor laxer"]
    old = small_set({"r": ("(a and b) or (c and d)", "bad")})
    new = small_set({"r": ("(a or b) and (c or d)", "bad")})
    undecided = Comparison("old", "new", meaning=compare_rulesets(old, new, budget=8))
    assert reasons(["laxer"], undecided) == ["c is undecided"]
    assert reasons(["regression"], undecided) == []


def test_laxer_fires_on_each_class_that_is_gone() -> None:
    classes = {name: ResponseClass(name, HERE) for name in "cde"}
    three = replace(LAX, response_classes=classes)
    assert reasons(["laxer"], of_rules(three, LAX)) == [
        f"the response class {name} is gone, and its rules with it" for name in "de"
    ]
    assert reasons(["laxer"], of_rules(LAX, three)) == []


def test_changed_fires_on_any_change_of_meaning() -> None:
    assert reasons(["changed"], of_rules(LAX, STRICT)) != []
    assert reasons(["changed"], of_rules(LAX, LAX)) == []
    shadowed = small_set({"no-a": ("not a", "bad"), "again": ("not a", "poor")})
    assert reasons(["changed"], of_rules(LAX, shadowed)) != []


def test_flips_counts_transcripts_whose_rank_moves() -> None:
    table = table_of([small_result(0, {"a": False, "b": True}), small_result(1, {"a": False})])
    corpus = Corpus(STRICT, LAX, one_table(table))
    comparison = Comparison("old", "new", corpus=corpus)
    assert reasons(["flips:2"], comparison) == []
    assert reasons(["flips:1"], comparison) == ["2 transcripts change rank, more than 1"]


def two_results(n: int, worse: int, better: int = 0) -> Comparison:
    labels = {"a": True, "b": False}
    old = table_of(small_result(i, {"a": i >= better, "b": False}, labels) for i in range(n))
    builder = TableBuilder(beside=old)
    for i in range(n):
        builder.take(small_result(i, {"a": i < n - worse, "b": False}, labels))
    corpus = Corpus(STRICT, STRICT, pair_tables(old, builder.table()))
    return Comparison("old", "new", corpus=corpus, scores=compare_accuracy(corpus))


def test_a_regression_needs_significance_and_size() -> None:
    assert reasons([], two_results(300, 30))[0].startswith(
        "no-a: accuracy fell from 1.000 to 0.900"
    )
    assert reasons([], two_results(300, 4)) == []
    assert reasons([], two_results(2000, 30)) == []
    assert reasons([], two_results(300, 30, better=30)) == []
    assert reasons(["accuracy-drop:0.01"], two_results(300, 4))[0] == (
        "no-a: accuracy fell by 0.013 on 300 rows"
    )
    assert reasons(["accuracy-drop:0.02"], two_results(300, 4)) == []


@pytest.mark.parametrize(("rows", "worse", "limit"), [(10, 1, 0.1), (30, 3, 0.1), (70, 21, 0.3)])
def test_a_drop_of_just_the_limit_closes_the_gate(rows: int, worse: int, limit: float) -> None:
    assert reasons([f"accuracy-drop:{limit}"], two_results(rows, worse)) != []
    assert reasons([f"accuracy-drop:{limit + 0.001}"], two_results(rows, worse)) == []


def test_a_drop_on_too_few_rows_closes_no_gate() -> None:
    assert reasons(["accuracy-drop:0.1"], two_results(9, 9)) == []
    assert reasons(["accuracy-drop:0.1"], two_results(10, 9)) != []


def test_a_gate_without_evidence_is_refused_when_it_was_asked_for() -> None:
    comparison = of_rules(STRICT, LAX)
    check_evidence(parse_gates(["laxer", "changed"]), comparison)
    with pytest.raises(UsageError, match="give --on RESULTS"):
        check_evidence(parse_gates(["flips:0"]), comparison)
    corpus = Corpus(STRICT, LAX, one_table(table_of([small_result(0, {"a": True})])))
    unlabelled = Comparison("old", "new", corpus=corpus)
    assert not_judged(parse_gates(["regression", "flips:0"]), unlabelled) == [
        "--fail-on regression was not judged: there are no labels"
    ]


def test_a_gate_without_power_has_not_passed() -> None:
    comparison = two_results(15, 0)
    (gate,) = parse_gates(["regression"])
    assert outcomes([gate], comparison, []) == {gate: GateOutcome.NOT_JUDGED}
    assert skipped(gate, comparison)["no-a"] == (
        "on 15 prompts with 15 rows no drop under 33% of the prompts could have been seen "
        "(corrected for 1 test), and one of 10% matters"
    )
    enough = two_results(60, 0)
    assert outcomes([gate], enough, []) == {gate: GateOutcome.PASSED}
    assert skipped(gate, enough) == {}
    worse = two_results(60, 30)
    assert outcomes([gate], worse, failures([gate], worse)) == {gate: GateOutcome.FAILED}
