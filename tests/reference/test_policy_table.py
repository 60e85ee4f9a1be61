from itertools import product
from pathlib import Path

import pytest
from policy_table import CATEGORIES, DECIDE_NOTHING, POLICY, propositions_of, rank_of

from rbrctl.ruleset.expressions import unparse
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.verdict import Judge

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    return load(RULES)


@pytest.fixture(scope="module")
def judge(ruleset: RuleSet) -> Judge:
    return Judge(ruleset)


@pytest.mark.parametrize("response_class", POLICY)
def test_a_class_depends_on_the_propositions_of_the_table(judge: Judge, response_class: str):
    assert set(judge.dependencies(response_class)) == propositions_of(response_class)


@pytest.mark.parametrize("response_class", POLICY)
def test_every_assignment_gets_the_rank_of_the_table(judge: Judge, response_class: str):
    names = sorted({*judge.dependencies(response_class), *propositions_of(response_class)})
    differences = []
    for values in product((False, True), repeat=len(names)):
        assignment = dict(zip(names, values, strict=True))
        rank = judge.verdict(response_class, assignment).rank
        if rank != rank_of(response_class, assignment):
            differences.append((assignment, rank))
    assert differences == []


def test_the_classes_and_the_axiom_are_those_of_the_table(ruleset: RuleSet):
    assert set(ruleset.response_classes) == set(POLICY)
    assert [unparse(axiom.body.expression) for axiom in ruleset.axioms] == [
        "fully_complies implies partially_complies"
    ]


def test_every_requirement_of_the_table_is_a_rule_of_its_own(ruleset: RuleSet):
    for response_class, columns in POLICY.items():
        rules = sorted(
            (rule.otherwise, unparse(rule.require.expression).replace(" or ", " | "))
            for rule in ruleset.rules_of(response_class)
        )
        assert rules == sorted((rank, each) for rank, cell in columns.items() for each in cell)


def test_published_spellings_and_categories_lead_to_their_class(ruleset: RuleSet):
    spellings = ["Hard Refuse", "Safe Refuse 1", "Safe Refuse 2", "Comply"]
    classes = ["hard_refuse", "soft_refuse", "soft_refuse_request", "comply"]
    assert [ruleset.resolve_response_class(spelling) for spelling in spellings] == classes
    assert {
        category.name: category.response_class
        for area in ruleset.policy
        for category in area.categories
    } == CATEGORIES


def test_every_proposition_is_documented_and_shown_both_ways(ruleset: RuleSet):
    used = set().union(*map(propositions_of, POLICY))
    assert set(ruleset.propositions) == used | DECIDE_NOTHING
    assert not used & DECIDE_NOTHING
    assert len(ruleset.propositions) == 23
    for proposition in ruleset.propositions.values():
        assert proposition.statement, proposition.name
        assert proposition.question, proposition.name
        assert proposition.cues, proposition.name
        assert len(proposition.examples) >= 3, proposition.name
        assert {each.answer for each in proposition.examples} == {True, False}, proposition.name
        assert all(each.why for each in proposition.examples), proposition.name


def test_every_rule_says_in_a_sentence_what_it_wants(ruleset: RuleSet):
    for rule in ruleset.rules.values():
        assert rule.text, rule.id
        assert rule.text.endswith("."), rule.id


def test_the_rules_own_tests_break_and_keep_every_rule(ruleset: RuleSet, judge: Judge):
    broken: set[str] = set()
    kept: set[str] = set()
    for test in ruleset.tests:
        assignment = {name: test.given.get(name, False) for name in ruleset.propositions}
        verdict = judge.verdict(test.response_class, assignment)
        assert verdict.rank == test.expect.rank, test.name
        assert set(verdict.broken) == set(test.expect.breaks or ()), test.name
        assert not judge.axioms_broken(assignment), test.name
        broken |= set(verdict.broken)
        kept |= set(verdict.rules) - set(verdict.broken)
    assert broken == kept == set(ruleset.rules)


@pytest.mark.parametrize("path", sorted(RULES.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_rule_file_names_its_schema_for_editors(path: Path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    schema = path.parent / first.removeprefix("# yaml-language-server: $schema=")
    assert schema.resolve() == RULES.parent / "rbrctl" / "ruleset" / "schema.json"
    assert schema.is_file()
