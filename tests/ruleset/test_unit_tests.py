from dataclasses import replace

import pytest
from check_oracle import Oracle
from examples import examples
from hypothesis import given
from strategies import assignments, expressions, rulesets, sourced, truth

from rbrctl.ruleset.evaluation import decisive_names
from rbrctl.ruleset.expressions import Expression, Name, children, names
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.unit_tests import run_tests

SET = """\
rbrctl: 1
name: example
version: "1"
ranks: [ideal, poor, bad]
response_classes: {refuse: {}}
propositions: {apology: {}, judgement: {}, threat: {}}
definitions: {rude: judgement or threat}
rules:
  apologises: {response_classes: [refuse], require: apology, otherwise: poor}
  is-polite: {response_classes: [refuse], require: not rude, otherwise: bad}
tests:
"""


@pytest.fixture
def run(tmp_path):
    def run(tests: str, containing: str | None = None):
        (tmp_path / "set.yaml").write_text(SET + tests, "utf-8")
        return run_tests(load(tmp_path), containing)

    return run


def a_test(given: str, expect: str, name: str = "t") -> str:
    return f"- {{name: {name}, response_class: refuse, given: {given}, expect: {expect}}}\n"


@pytest.mark.parametrize(
    ("given", "expect", "messages"),
    [
        ("{apology: true}", "{rank: ideal, breaks: []}", []),
        ("{apology: true}", "{rank: poor}", ["expected the rank 'poor', but it is 'ideal'"]),
        ("{}", "{rank: ideal}", ["expected the rank 'ideal', but it is 'poor'"]),
        ("{judgement: true}", "{rank: bad, breaks: [apologises, is-polite]}", []),
        ("{}", "{breaks: [is-polite]}",
         ["expected 'is-polite' to be broken, but it is kept",
          "'apologises' is broken, too, which was not expected"]),
        ("{}", "{breaks: []}", ["'apologises' is broken, too, which was not expected"]),
        ("{}", "{keeps: [apologises, is-polite]}",
         ["expected 'apologises' to be kept, but it is broken"]),
    ],
)  # fmt: skip
def test_each_expectation_that_is_not_met_is_told(run, given, expect, messages):
    outcome = run(a_test(given, expect)).outcomes[0]
    assert [each.message for each in outcome.failures] == [f"t: {each}" for each in messages]
    assert outcome.passed == (not messages)


def test_a_failure_points_to_the_expectation_and_to_the_rules(run):
    failure = run(a_test("{}", "{rank: ideal}")).outcomes[0].failures[0]
    assert (failure.place.line, failure.place.column) == (12, 63)
    assert [(each.place.line, each.message) for each in failure.related] == [
        (9, "'apologises' requires: apology; otherwise poor")
    ]


def test_coverage_counts_kept_broken_and_decisive_words(run):
    outcome = run(a_test("{}", "{rank: poor}"))
    apologises, polite = outcome.rules
    assert (apologises.kept, apologises.broken, apologises.covered) == (0, 1, 2)
    assert (polite.kept, polite.broken) == (1, 0)
    assert [(part.name, part.covered) for part in polite.parts] == [("rude", True)]
    assert outcome.coverage == pytest.approx(4 / 6)
    hidden = run(a_test("{judgement: true}", "{rank: bad}"))
    assert [part.covered for part in hidden.rules[0].parts] == [False]


def test_tests_are_chosen_by_their_name(run):
    tests = a_test("{}", "{rank: poor}", "One") + a_test("{}", "{rank: ideal}", "Two")
    assert [each.test.name for each in run(tests, "TW").outcomes] == ["Two"]
    assert run(tests, "three").outcomes == ()


@examples(150)
@given(rulesets())
def test_outcomes_agree_with_the_law(ruleset):
    oracle = Oracle(ruleset)
    for number, outcome in enumerate(run_tests(ruleset).outcomes):
        test = ruleset.tests[number]
        given = {**dict.fromkeys(ruleset.propositions, False), **test.given}
        values = next(e for e in oracle.everywhere if {n: e[n] for n in given} == given)
        rules = oracle.of_class(ruleset.rules.values(), test.response_class)
        assert outcome.rank == ruleset.ranks[oracle.rank(rules, values)]
        assert set(outcome.broken) == {r.id for r in rules if not oracle.keeps(r, values)}
        assert outcome.passed == oracle._passes(test, values)


def renamed(expression: Expression, token: int) -> Expression:
    """Give the expression with one word of it replaced by another name."""
    if isinstance(expression, Name):
        return Name("flipped") if expression.token == token else expression
    parts = [renamed(child, token) for child in children(expression)]
    if hasattr(expression, "operands"):
        return replace(expression, operands=tuple(parts))
    if hasattr(expression, "operand"):
        return replace(expression, operand=parts[0])
    return replace(expression, premise=parts[0], conclusion=parts[1])


@given(expressions())
def test_a_word_is_decisive_where_its_other_value_changes_the_whole(expression):
    body = sourced(expression, "require", "r").expression
    for values in assignments():
        expected = [
            word.token
            for word in names(body)
            if truth(body, values)
            != truth(renamed(body, word.token), {**values, "flipped": not values[word.name]})
        ]
        assert decisive_names(body, values) == expected
