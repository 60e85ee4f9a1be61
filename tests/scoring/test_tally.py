import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import NAMES, fillings, truth

from rbrctl.grading.judging import PlainDecoder, judged
from rbrctl.records.models import Answer, GraderIdentity, Result, RuleSetIdentity
from rbrctl.ruleset.expressions import parse
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import (
    Proposition,
    ResponseClass,
    Rule,
    RuleSet,
    SourcedExpression,
)
from rbrctl.ruleset.verdict import Judge
from rbrctl.scoring.tally import ScoreTally, by_category, by_response_class

HERE = Place("x.yaml", 1, 1, 1, 2)
RANKS = ("good", "poor", "bad")
RULES = {"one": ("a or b", "bad"), "two": ("not c", "poor"), "three": ("d implies a", "poor")}


def small_set() -> RuleSet:
    def rule(name: str, classes: tuple[str, ...]) -> Rule:
        text, otherwise = RULES[name]
        return Rule(name, HERE, classes, SourcedExpression(parse(text), text, HERE), otherwise)

    return RuleSet(
        name="small",
        version="1",
        ranks=RANKS,
        response_classes={
            "c": ResponseClass("c", HERE),
            "sub": ResponseClass("sub", HERE, extends="c"),
        },
        propositions={name: Proposition(name, HERE) for name in NAMES},
        definitions={},
        rules={
            "one": rule("one", ("c",)),
            "two": rule("two", ("sub",)),
            "three": rule("three", ("c",)),
        },
    )


JUDGE = Judge(small_set())
MAYBE = st.sampled_from([None, True, False])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["c", "sub", None]),
        st.fixed_dictionaries(dict.fromkeys(NAMES, MAYBE)),
        st.fixed_dictionaries({name: st.none() | st.floats(0, 1) for name in NAMES}),
        st.sampled_from(["x", "y", None]),
    ),
    max_size=12,
)


def result(number, response_class, labels, chances, category=None, rank_label=None) -> Result:
    plain = Result(
        id=f"t{number}",
        content_digest=f"content{number}",
        prompt_digest=f"prompt{number}",
        answers={
            name: Answer(probability=p) if p is not None else Answer(error="none")
            for name, p in chances.items()
        },
        grader=GraderIdentity("test", "digest"),
        ruleset=RuleSetIdentity("small", "1", "digest"),
        response_class=response_class,
        labels={name: value for name, value in labels.items() if value is not None},
        rank_label=rank_label,
        category=category,
    )
    return judged(plain, JUDGE, PlainDecoder())


def outcomes(partial, rule) -> set[bool]:
    """Whether the rule is broken, over every filling of the unknown propositions."""
    return {not truth(parse(RULES[rule][0]), filling) for filling in fillings(partial)}


@given(ROWS)
def test_a_rules_row_counts_what_every_filling_agrees_on(rows):
    tally = ScoreTally(JUDGE, PlainDecoder())
    expected: dict[str, list[tuple[bool, bool | None]]] = {rule: [] for rule in RULES}
    for number, (response_class, labels, chances, _) in enumerate(rows):
        tally.add(result(number, response_class, labels, chances))
        answers = {name: None if p is None else p >= 0.5 for name, p in chances.items()}
        for rule in RULES:
            applies = response_class == "sub" or (response_class == "c" and rule != "two")
            gold, found = outcomes(labels, rule), outcomes(answers, rule)
            if applies and len(gold) == 1:
                expected[rule].append((gold.pop(), found.pop() if len(found) == 1 else None))
    scores = {score.rule: score for score in tally.score().rules}
    for rule, pairs in expected.items():
        if not pairs:
            assert rule not in scores
            continue
        score, determined = scores[rule], [pair for pair in pairs if pair[1] is not None]
        assert score.gold_rows == len(pairs)
        assert score.counts.total == len(determined)
        assert score.counts.correct == sum(gold == found for gold, found in determined)
        assert score.counts.true_positive == sum(gold and bool(found) for gold, found in determined)
        assert score.coverage == len(determined) / len(pairs)


@given(ROWS)
def test_groups_add_up_to_the_whole(rows):
    whole = ScoreTally(JUDGE, PlainDecoder())
    parts = ScoreTally(JUDGE, PlainDecoder(), by_category)
    for number, row in enumerate(rows):
        for tally in (whole, parts):
            tally.add(result(number, *row))
    for score in whole.score().rules:
        grouped = [part.counts for part in parts.score().rules if part.rule == score.rule]
        assert sum(counts.total for counts in grouped) == score.counts.total
        assert sum(counts.correct for counts in grouped) == score.counts.correct
    frequencies = whole.score().rule_frequencies
    for frequency in frequencies:
        same = [part for part in parts.score().rule_frequencies if part.rule == frequency.rule]
        assert sum(part.broken for part in same) == frequency.broken


def test_ranks_are_laid_out_by_label_and_answer():
    tally = ScoreTally(JUDGE, PlainDecoder(), by_response_class)
    good = dict(zip(NAMES, (True, False, False, False), strict=True))
    bad = dict.fromkeys(NAMES, False)
    sure = {name: 0.9 if value else 0.1 for name, value in good.items()}
    tally.add(result(1, "c", good, sure))
    tally.add(result(2, "c", bad, sure))
    tally.add(result(3, "c", {}, sure, rank_label="poor"))
    tally.add(result(4, "c", good, sure, rank_label="bad"))
    score = tally.score()
    (ranks,) = score.classes
    assert ranks.confusion == {("good", "good"): 1, ("bad", "good"): 2, ("poor", "good"): 1}
    assert (ranks.correct, ranks.total, ranks.gold_rows) == (1, 4, 4)
    assert score.rank_labels_contradicted == 1
    assert [row.id for row in score.disagreements] == ["t2", "t4", "t3"]
    assert score.disagreements[0].propositions == {"a": (False, 0.9)}


def test_of_rows_equally_far_apart_the_earlier_ones_stay_in_their_order():
    tally = ScoreTally(JUDGE, PlainDecoder(), disagreements=2)
    for number in range(4):
        tally.add(result(number, "c", {"a": False}, {"a": 0.9}))
    assert [row.id for row in tally.score().disagreements] == ["t0", "t1"]


def test_an_answer_with_an_error_is_no_answer():
    tally = ScoreTally(JUDGE, PlainDecoder())
    tally.add(result(1, "c", dict.fromkeys(NAMES, True), dict.fromkeys(NAMES)))
    score = tally.score()
    assert (score.failed_answers, score.undetermined) == (4, 1)
    assert all(each.counts.total == 0 for each in score.propositions)
    assert all(each.brier is None for each in score.propositions)
    assert {each.coverage for each in score.rules} == {0.0}


@pytest.mark.parametrize("narrow", [{"rules": ["one"]}, {"propositions": ["a"]}])
def test_narrowing_leaves_the_rest_and_the_ranks_out(narrow):
    tally = ScoreTally(JUDGE, PlainDecoder(), **narrow)
    tally.add(result(1, "c", dict.fromkeys(NAMES, True), dict.fromkeys(NAMES, 0.9)))
    score = tally.score()
    assert [each.rule for each in score.rules] == narrow.get("rules", [])
    assert [each.proposition for each in score.propositions] == narrow.get("propositions", [])
    assert score.classes == score.rank_frequencies == ()
