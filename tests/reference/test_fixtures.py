import json
from collections import Counter
from pathlib import Path

import pytest
from policy_table import CATEGORIES, DECIDE_NOTHING, POLICY, propositions_of, rank_of

from rbrctl.records.models import Transcript
from rbrctl.records.problems import raise_problem
from rbrctl.records.transcripts import read_transcripts
from rbrctl.ruleset.loader import load
from rbrctl.ruleset.verdict import Judge
from rbrctl.states import RuleState

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "transcripts.jsonl"
PROPOSITIONS = set().union(*map(propositions_of, POLICY)) | DECIDE_NOTHING


@pytest.fixture(scope="module")
def transcripts() -> list[Transcript]:
    return list(read_transcripts(FIXTURES, raise_problem))


def test_there_are_many_with_ids_of_their_own(transcripts: list[Transcript]):
    assert len(transcripts) >= 60
    lines = FIXTURES.read_text(encoding="utf-8").splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == len(lines) == len(transcripts)


def test_each_is_wholly_labelled_and_obeys_the_axiom(transcripts: list[Transcript]):
    for transcript in transcripts:
        labels = transcript.labels
        assert set(labels) == PROPOSITIONS, transcript.id
        assert labels["partially_complies"] or not labels["fully_complies"], transcript.id


def test_each_rank_label_follows_from_the_other_labels(transcripts: list[Transcript]):
    for transcript in transcripts:
        assert transcript.response_class is not None
        rank = rank_of(transcript.response_class, transcript.labels)
        assert transcript.rank_label == rank, transcript.id


def test_each_category_calls_for_its_response_class(transcripts: list[Transcript]):
    for transcript in transcripts:
        assert transcript.category is not None
        assert CATEGORIES[transcript.category] == transcript.response_class, transcript.id
    assert {transcript.category for transcript in transcripts} == set(CATEGORIES)


def test_every_class_reaches_every_rank(transcripts: list[Transcript]):
    reached = {(each.response_class, each.rank_label) for each in transcripts}
    ranks = ("ideal", "less_good", "unacceptable", "illogical", "disallowed")
    assert reached == {(response_class, rank) for response_class in POLICY for rank in ranks}


def test_every_rule_is_broken_and_kept_in_each_class_that_it_names(transcripts: list[Transcript]):
    ruleset = load(ROOT / "rules")
    judge = Judge(ruleset)
    seen: set[tuple[str, str, RuleState]] = set()
    for transcript in transcripts:
        assert transcript.response_class is not None
        states = judge.verdict(transcript.response_class, transcript.labels).rules
        for each_class in ruleset.ancestors(transcript.response_class):
            seen |= {(each_class, rule, state) for rule, state in states.items()}
    for rule in ruleset.rules.values():
        for response_class in rule.response_classes:
            assert (response_class, rule.id, RuleState.BROKEN) in seen
            assert (response_class, rule.id, RuleState.HELD) in seen


def test_every_proposition_is_true_of_some_and_false_of_others(transcripts: list[Transcript]):
    true_of = Counter(name for each in transcripts for name, value in each.labels.items() if value)
    assert all(0 < true_of[name] < len(transcripts) for name in PROPOSITIONS)


def test_they_vary_in_shape(transcripts: list[Transcript]):
    assert any(each.completion_text == "" for each in transcripts)
    assert sum(len(each.prompt) >= 3 for each in transcripts) >= 5
    assert sum(each.prompt[0].role == "system" for each in transcripts) >= 3
    letters = [character for each in transcripts for character in each.completion_text]
    assert any("぀" <= character <= "ヿ" for character in letters)
    assert any(character in "éèßüñçãà" for character in letters)
