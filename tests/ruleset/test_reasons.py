from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from small_sets import small_set
from strategies import NAMES, partial_assignments, rulesets

from rbrctl.ruleset.evaluation import Evaluator
from rbrctl.ruleset.reasons import explain_reason, minimal_reason, possible_ranks, rank_reason
from rbrctl.ruleset.verdict import Judge


def ranks_of_all_fillings(ruleset, response_class, known):
    evaluator = Evaluator(ruleset)
    from strategies import fillings

    return {
        evaluator.rank(
            response_class, evaluator.broken(response_class, evaluator.complete(filling))
        )
        for filling in fillings(known, NAMES)
    }


@examples(150)
@given(rulesets(), partial_assignments(), st.sampled_from(["first", "second", "third"]))
def test_a_reason_forces_the_rank_and_none_of_it_can_be_spared(ruleset, known, response_class):
    reason = rank_reason(Judge(ruleset), response_class, known)
    ranks = ranks_of_all_fillings(ruleset, response_class, known)
    possible = possible_ranks(Judge(ruleset), response_class, known)
    assert set(possible) == ranks
    assert reason.rank == (next(iter(ranks)) if len(ranks) == 1 else None)
    assert all(known[name] == value for name, value in reason.answers.items())
    if reason.rank is None:
        assert reason.answers == {}
        assert reason.unknown
        assert all(known[name] is None for name in reason.unknown)
        return
    answers = dict(reason.answers)
    assert ranks_of_all_fillings(ruleset, response_class, answers) == {reason.rank}
    for name in answers:
        rest = {key: value for key, value in answers.items() if key != name}
        assert len(ranks_of_all_fillings(ruleset, response_class, rest)) > 1


@examples(150)
@given(rulesets(), partial_assignments())
def test_each_broken_rule_has_answers_that_break_it(ruleset, known):
    from strategies import fillings, truth

    reason = rank_reason(Judge(ruleset), "first", known)
    evaluator = Evaluator(ruleset)

    def always_broken(rule, answers):
        expression = ruleset.rules[rule].require.expression
        return not any(
            truth(expression, evaluator.complete(each)) for each in fillings(dict(answers), NAMES)
        )

    rules = [rule.id for rule in ruleset.rules_of("first")]
    assert set(reason.broken) == {rule for rule in rules if always_broken(rule, known)}
    for rule, answers in reason.broken.items():
        assert always_broken(rule, answers)
        for name in answers:
            rest = {key: value for key, value in answers.items() if key != name}
            assert not always_broken(rule, rest)


def test_answers_are_let_go_in_their_order():
    answers = {"a": True, "b": True, "c": False}
    assert minimal_reason(answers, lambda part: "a" in part or "b" in part) == {"b": True}
    assert minimal_reason(answers, lambda part: True) == {}


@given(st.permutations(["a", "b", "c"]))
def test_of_several_reasons_the_one_with_the_surest_answers_is_given(order):
    sure = dict(zip(order, (0.97, 0.6, 0.54), strict=True))
    ruleset = small_set({f"no-{name}": (f"not {name}", "bad") for name in "abc"})
    reason = rank_reason(Judge(ruleset), "c", dict.fromkeys("abc", True), sure)
    assert reason.answers == {order[0]: True}
    either = small_set({"r": ("not (a or b or c)", "bad")})
    reason = rank_reason(Judge(either), "c", dict.fromkeys("abc", True), sure)
    assert reason.broken == {"r": {order[0]: True}}


@examples(60)
@given(rulesets(), partial_assignments())
def test_every_reason_can_be_put_into_words(ruleset, known):
    judge = Judge(ruleset)
    reason = rank_reason(judge, "second", known)
    ranks = possible_ranks(judge, "second", known)
    explanation = explain_reason(ruleset, "t", reason, {"a": 0.25}, ranks)
    facts = {fact.label: fact.values for fact in explanation.facts}
    assert facts["rank"] == (reason.rank or f"undetermined: {' or '.join(ranks)}",)
