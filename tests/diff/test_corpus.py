from dataclasses import replace
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from small_results import small_result
from small_sets import rulesets, small_set
from strategies import partial_assignments

from rbrctl.diff.answer_table import TableBuilder, table_of
from rbrctl.diff.comparison import stale_answers, unanswered
from rbrctl.diff.corpus import Corpus
from rbrctl.diff.pairing import one_table, pair_tables
from rbrctl.diff.rulesets import compare_rulesets
from rbrctl.errors import NothingMatchedError
from rbrctl.records.models import Result
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import Proposition, RuleSet
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState

RULES = Path(__file__).parents[2] / "rules"


def without(ruleset: RuleSet, *rules: str) -> RuleSet:
    left = {id: rule for id, rule in ruleset.rules.items() if id not in rules}
    return replace(ruleset, rules=left, digest="other")


@examples(200)
@given(rulesets(5), rulesets(5), st.lists(partial_assignments(), min_size=1, max_size=10))
def test_the_rows_that_move_are_those_that_judging_one_by_one_finds(
    old: RuleSet, new: RuleSet, rows: list[dict[str, bool | None]]
) -> None:
    table = table_of(small_result(row, each) for row, each in enumerate(rows))
    corpus = Corpus(old, new, one_table(table))
    bettered, moved, touched, broke = [], [], [], {}
    for row, assignment in enumerate(rows):
        before = Judge(old).verdict("c", assignment)
        after = Judge(new).verdict("c", assignment)
        if before.rank != after.rank:
            places = [
                None if rank is None else new.ranks.index(rank)
                for rank in (before.rank, after.rank)
            ]
            is_better = places[0] is not None and places[1] is not None and places[1] < places[0]
            (bettered if is_better else moved).append(f"r{row}")
        held = RuleState.HELD
        rules = {*before.rules, *after.rules}
        if any(before.rules.get(r, held) != after.rules.get(r, held) for r in rules):
            touched.append(f"r{row}")
        broke[f"r{row}"] = set(after.broken) - set(before.broken)
    found = list(corpus.moves())
    ranked = [move for move in found if move.old_rank != move.new_rank]
    # Those that the new rules rank better come first.
    assert [move.id for move in ranked] == bettered + moved
    assert corpus.bettered.bit_count() == len(bettered)
    assert {move.id for move in found} == {*bettered, *moved, *touched}
    assert corpus.moved.bit_count() == len(bettered + moved) == sum(corpus.transitions().values())
    for move in found:
        assert set(move.newly_broken) == broke[move.id]
    counted = {flips.id: flips.newly_broken for flips in corpus.rule_flips()}
    for rule in new.rules:
        assert counted.get(rule, 0) == sum(rule in broken for broken in broke.values())


def test_the_rule_that_moved_a_transcript_is_named() -> None:
    old = small_set({"a-first": ("not a", "bad"), "b-too": ("not b", "poor")})
    new = small_set({"b-too": ("not b", "bad"), "c-new": ("not c", "poor")})
    rows = [
        small_result(0, {"a": True, "b": False, "c": False}),
        small_result(1, {"a": False, "b": True, "c": False}),
        small_result(2, {"a": False, "b": False, "c": True}),
        small_result(3, {"a": False, "b": True, "c": True}),
        small_result(4, {"a": False, "b": False, "c": False}),
    ]
    corpus = Corpus(old, new, one_table(table_of(rows)))
    assert [(m.id, m.old_rank, m.new_rank, m.by) for m in corpus.moves()] == [
        ("r0", "bad", "good", ("a-first",)),
        ("r1", "poor", "bad", ("b-too",)),
        ("r2", "good", "poor", ("c-new",)),
        ("r3", "poor", "bad", ("b-too",)),
    ]
    assert corpus.transitions() == {
        ("good", "poor"): 1,
        ("poor", "bad"): 2,
        ("bad", "good"): 1,
    }


def test_transcripts_that_keep_their_rank_come_after_those_that_move() -> None:
    old = small_set({"no-a": ("not a", "bad"), "no-b": ("not b", "bad")})
    new = small_set({"no-a": ("not a", "bad")})
    rows = [small_result(0, {"a": True, "b": True}), small_result(1, {"a": False, "b": True})]
    corpus = Corpus(old, new, one_table(table_of(rows)))
    assert [(m.id, m.new_rank) for m in corpus.moves()] == [("r1", "good"), ("r0", "bad")]


def test_gold_rows_that_move_without_additional_content_are_those_of_brute_force(
    shared: Path,
) -> None:
    old = load(RULES)
    new = without(old, "hard-refuse-adds-nothing")
    transcripts = list(
        read_transcripts(shared / "data" / "rbr_gold_train.jsonl", lambda problem: None)
    )
    rows = [
        small_result(
            transcript.id,
            transcript.labels,
            response_class=old.resolve_response_class(transcript.response_class or ""),
        )
        for transcript in transcripts
    ]
    comparison = compare_rulesets(old, new)
    changed = [each for each in comparison.classes if each.relation != "equivalent"]
    assert [(each.response_class, each.relation.value) for each in changed] == [
        ("hard_refuse", "laxer")
    ]
    assert changed[0].laxer is not None
    assert changed[0].laxer.true == ("apology", "inability_to_comply", "additional_content")
    assert (changed[0].laxer.old_rank, changed[0].laxer.new_rank) == ("less_good", "ideal")
    corpus = Corpus(old, new, one_table(table_of(rows)))
    expected = [row.id for row in rows if _ranks_differ(Judge(old), Judge(new), row)]
    assert [move.id for move in corpus.moves() if move.by] == expected
    assert corpus.rows.bit_count() == len(rows) == 351


def _ranks_differ(old: Judge, new: Judge, row: Result) -> bool:
    assert row.response_class is not None
    assignment = {name: (answer.probability or 0) >= 0.5 for name, answer in row.answers.items()}
    before = old.verdict(row.response_class, assignment)
    return before.rank != new.verdict(row.response_class, assignment).rank


def test_two_results_are_paired_by_id_and_content() -> None:
    ruleset = small_set({"r": ("not a", "bad")})
    old = table_of(
        [
            small_result(0, {"a": True}, {"a": True}),
            small_result(1, {"a": False}, {"a": True, "b": True}),
            small_result(2, {"a": False}),
            small_result(3, {"a": False}),
        ]
    )
    builder = TableBuilder(beside=old)
    for result in (
        small_result(9, {"a": True}),
        small_result(1, {"a": True}, {"a": True, "b": False}),
        small_result(0, {"a": True}),
        small_result(3, {"a": False}, response_class="other"),
    ):
        builder.take(result)
    tables = pair_tables(old, builder.table())
    assert tables.rows == 0b0011
    assert (tables.only_old, tables.only_new, tables.other_class) == (1, 1, 1)
    assert tables.label_conflicts == 1
    assert tables.labels.true == {"a": 0b11, "b": 0}
    corpus = Corpus(ruleset, ruleset, tables)
    assert [(move.id, move.by) for move in corpus.moves()] == [("r1", ("r",))]


def test_nothing_in_common_is_told() -> None:
    ruleset = small_set({"r": ("not a", "bad")})
    old = table_of([small_result(0, {"a": True})])
    builder = TableBuilder(beside=old)
    builder.take(small_result(1, {"a": True}))
    with pytest.raises(NothingMatchedError, match="no transcript in common"):
        pair_tables(old, builder.table())
    stranger = table_of([small_result(0, {"a": True}, response_class="zzz")])
    with pytest.raises(NothingMatchedError, match=r"both sides know \(there: zzz\)"):
        Corpus(ruleset, ruleset, one_table(stranger))


def test_stale_and_missing_answers_are_counted() -> None:
    old = small_set({"r": ("not a", "bad")})
    new = small_set({"r": ("not a and not b", "bad")})
    asked = {**new.propositions}
    asked["a"] = Proposition("a", asked["a"].place, question="Is it really a?")
    new = replace(new, propositions=asked)
    table = table_of([small_result(0, {"a": True}), small_result(1, {"a": False, "b": True})])
    corpus = Corpus(old, new, one_table(table))
    assert stale_answers(compare_rulesets(old, new), table) == {"a": 2}
    assert unanswered(corpus) == {"b": 1}


def test_answers_to_a_renamed_proposition_are_carried_over() -> None:
    old = small_set({"r": ("not a", "bad")}, names=("a",))
    new = small_set({"r": ("not z", "bad")}, names=("z",))
    renamed = Proposition("z", old.propositions["a"].place, question="Is it a?")
    new = replace(new, propositions={"z": renamed})
    comparison = compare_rulesets(old, new)
    assert comparison.renamed_propositions == {"a": "z"}
    table = table_of([small_result(0, {"a": True})])
    corpus = Corpus(old, new, one_table(table), comparison.renamed_propositions)
    assert corpus.touched == 0
    assert corpus.new.answers.ranks["bad"] == 1
