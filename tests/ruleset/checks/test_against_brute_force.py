"""Every semantic check agrees with going through all assignments."""

from collections import defaultdict

from check_oracle import Oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rulesets

from rbrctl.ruleset.checks.context import CheckContext
from rbrctl.ruleset.checks.redundant_part import redundant_parts
from rbrctl.ruleset.checks.registry import all_checks
from rbrctl.ruleset.findings import Finding
from rbrctl.ruleset.model import RuleSet
from rbrctl.ruleset.validation import check_ruleset


def found_in(ruleset: RuleSet) -> dict[str, list[Finding]]:
    found = defaultdict(list)
    for finding in check_ruleset(ruleset):
        found[finding.id].append(finding)
    return found


def subjects(findings: list[Finding]) -> list[str]:
    return [finding.place.file.split()[-1] for finding in findings if finding.place]


@settings(max_examples=100, deadline=None)
@given(rulesets())
def test_contradicting_axioms_hold_back_all_other_proofs(ruleset):
    found, oracle = found_in(ruleset), Oracle(ruleset)
    assert bool(found["axioms-contradict"]) == (not oracle.fitting)
    if not oracle.fitting:
        others = {id for id in found if found[id]} - {"axioms-contradict"}
        assert all(not all_checks()[id].needs_sound_axioms for id in others)


@settings(max_examples=100, deadline=None)
@given(rulesets())
def test_rules(ruleset):
    oracle = Oracle(ruleset)
    if not oracle.fitting:
        return
    found = found_in(ruleset)
    assert set(subjects(found["always-kept"])) == oracle.always_kept()
    assert set(subjects(found["always-broken"])) == oracle.always_broken()
    assert set(subjects(found["decides-nothing"])) == oracle.decides_nothing()
    assert set(subjects(found["unreachable-rank"])) == oracle.unreachable_ranks()
    for findings in found.values():
        assert len(findings) == len(set(findings))


@settings(max_examples=100, deadline=None)
@given(rulesets())
def test_contradictions_are_minimal_and_complete(ruleset):
    oracle = Oracle(ruleset)
    if not oracle.fitting:
        return
    contradictions = found_in(ruleset)["contradiction"]
    conflicts = []
    for finding in contradictions:
        files = [related.place.file for related in finding.related]
        rules = [ruleset.rules[f.split()[-1]] for f in files if f.startswith("rule ")]
        assert oracle.is_minimal_conflict(rules)
        assert finding.place == rules[-1].place
        conflicts.append((finding, rules))
    for name in ruleset.response_classes:
        here = [rules for finding, rules in conflicts if f"'{name}'" in finding.message]
        assert bool(here) == oracle.contradictory(name)
        taken = {rule.id for rules in here for rule in rules}
        assert len(taken) == sum(map(len, here))
        rest = [
            rule
            for rule in oracle.of_class(oracle.sensible, name)
            if rule.id not in taken and oracle.position(rule)
        ]
        assert oracle.can_be_kept(rest)


@settings(max_examples=100, deadline=None)
@given(rulesets())
def test_names(ruleset):
    oracle = Oracle(ruleset)
    if not oracle.fitting:
        return
    found = found_in(ruleset)
    assert set(subjects(found["unused-proposition"])) == oracle.unused_propositions()
    assert set(subjects(found["unused-definition"])) == oracle.unused_definitions()
    constant = {
        (name, "always" if value else "never")
        for name, value in oracle.constant_definitions().items()
    }
    assert {
        (finding.message.split("'")[1], finding.message.split()[-2])
        for finding in found["constant-definition"]
    } == constant
    assert set(subjects(found["same-definition"])) == oracle.same_definitions()
    assert set(map(int, subjects(found["axiom-repeats"]))) == oracle.repeated_axioms()
    without = {name for name in ruleset.response_classes if not ruleset.rules_of(name)}
    assert set(subjects(found["class-without-rules"])) == without


@settings(max_examples=100, deadline=None)
@given(rulesets())
def test_tests(ruleset):
    oracle = Oracle(ruleset)
    if not oracle.fitting:
        return
    found = found_in(ruleset)
    cannot_fail = set(map(int, subjects(found["test-cannot-fail"])))
    assert cannot_fail == oracle.tests_that_cannot_fail()
    assert set(map(int, subjects(found["given-breaks-axiom"]))) == oracle.tests_that_break_axioms()


@settings(max_examples=100, deadline=None)
@given(rulesets())
def test_redundant_parts(ruleset):
    oracle, context = Oracle(ruleset), CheckContext(ruleset)
    if not oracle.fitting:
        return
    found = found_in(ruleset)["redundant-part"]
    expected = 0
    for rule in ruleset.rules.values():
        parts = oracle.redundant_parts(rule.require.expression)
        if parts is not None:
            node = context.logic.requirements[rule.id]
            assert redundant_parts(context, rule.require.expression, node) == parts
            expected += len(parts)
    for definition in ruleset.definitions.values():
        expected += len(oracle.redundant_parts(definition.body.expression) or ())
    assert len(found) == expected


@settings(max_examples=100, deadline=None)
@given(rulesets(), st.integers(2, 300))
def test_what_cannot_be_proved_is_never_said_to_be_fine(ruleset, budget):
    whole = check_ruleset(ruleset)
    part = check_ruleset(ruleset, budget)
    if part != whole:
        assert "undecided" in {finding.id for finding in part}
