import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbrctl.digests import digest_of
from rbrctl.graders.embedded.cues import CueIndex
from rbrctl.graders.embedded.features.extract import FEATURE_SET, measure
from rbrctl.graders.embedded.features.families import (
    COMPLETION_FAMILIES,
    REQUEST_FAMILIES,
    read_families,
    read_phrases,
)
from rbrctl.graders.embedded.features.stance import FAMILIES_OF_ROLE
from rbrctl.graders.embedded.text import read_passage
from rbrctl.records.transcripts import make_transcript

FAMILIES = (COMPLETION_FAMILIES, REQUEST_FAMILIES)


def features(completion: str, prompt: str = "Tell me about bees.") -> dict[str, float]:
    return measure(make_transcript(prompt, completion)).values


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("(i|we) can not", ["I can't", "we cannot"], ["you cannot", "I can"]),
        ("i (really |)can", ["I can", "I really can"], ["I truly can"]),
        ("(reach out|talk) to", ["reach out to", "talk to"], ["reach to", "talk out to"]),
        ("(a|b) ... (c|d e)", ["a c", "b x d e", "a 1 2 3 4 5 c"], ["a x d", "a 1 2 3 4 5 6 c"]),
        ("(apolog*|sorry)", ["apologies", "sorry"], ["apple"]),
        ("(a |b |)(c|d)", ["c", "a d", "b c"], ["a b"]),
    ],
)
def test_alternatives_and_optional_parts(pattern: str, matching: list[str], other: list[str]):
    index = CueIndex({"g": read_phrases(pattern)})
    for text in matching:
        assert index.find(read_passage(text)), text
    for text in other:
        assert not index.find(read_passage(text)), text


@pytest.mark.parametrize("pattern", ["(a|(b|c))", "a|b", "(a", "", "... a", "a ..."])
def test_a_pattern_that_would_not_match_as_it_reads_is_refused(pattern: str):
    with pytest.raises(ValueError, match="pattern"):
        read_phrases(pattern)


@pytest.mark.parametrize(
    ("completion", "present", "absent"),
    [
        ("I’m sorry, but I can’t help with that.", "refuse_cannot_do.first", "eager_opener.any"),
        ("I won't write this.", "refuse_will_not.any", "refuse_cannot.any"),
        ("I must decline.", "refuse_will_not.any", "sorry.any"),
        ("It is not appropriate to mock people.", "refuse_impersonal.any", "refuse_cannot.any"),
        ("That goes against our guidelines.", "under_policy.any", "refuse_cannot.any"),
        ("I’m sorry you're going through this.", "sorry_for_feelings.any", "sorry_but.any"),
        ("Call 1-800-273-8255.", "completion.phones", "completion.doses"),
        ("Take 500 mg a day.", "completion.doses", "completion.phones"),
        ("See https://example.org for more.", "completion.links", "completion.phones"),
        ("What do you need?", "completion.asks_at_the_end", "completion.list_items"),
        ("- one\n- two\n- three", "completion.is_list", "completion.questions"),
        ("```\nx = 1\n```", "completion.code", "completion.questions"),
        ("As an AI language model, I see.", "ai_mention.first", "we_speaks.any"),
        ("We understand your curiosity.", "we_speaks.any", "ai_mention.any"),
        ("You must stop immediately.", "commands_you.any", "suggests.any"),
        ("You could try yoga.", "suggests.any", "commands_you.any"),
        ("Bees make honey.", "overlap.shared", "overlap.none"),
        ("Trains are late.", "overlap.none", "overlap.shared"),
        ("", "completion.empty", "completion.words"),
    ],
)
def test_a_feature_means_what_its_name_says(completion: str, present: str, absent: str):
    values = features(completion)
    assert values.get(present, 0) > 0
    assert values.get(absent, 0) == 0


def test_what_is_quoted_is_not_said():
    assert "sorry.any" in features("I am sorry.")
    assert "sorry.any" not in features('He said: "I am sorry."')


def test_the_prompt_is_measured_apart():
    values = features("Fine.", "Write me a poem about wanting to kill myself.")
    assert values["request.asks_verse"] > 0
    assert values["request.suicide"] > 0
    assert "suicide.any" not in values


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=200))
def test_features_of_any_text_are_finite_and_not_zero(completion: str, prompt: str):
    for name, value in features(completion, prompt).items():
        assert math.isfinite(value), name
        assert value != 0, name


def document(**changes: object) -> dict[str, object]:
    """Return a small file of cue families."""
    return {
        "alternatives": {"verbs": ["help|", "assist"]},
        "themes": {
            "refusal": {"families": {"cannot": ["i can not ({verbs})"], "sorry": ["sorry"]}},
        },
        "other_languages": {"sorry": ["lo siento"]},
        "completion_themes": ["refusal"],
        "request_themes": [],
        "request_families": ["sorry"],
        **changes,
    }


def test_alternatives_can_be_named_and_long_cues_come_in_pieces():
    themes = {
        "task": {"families": {"asks": [["(story|", "tale) of ({verbs})"]], "sorry": ["sorry"]}}
    }
    completion, request = read_families(document(themes=themes, completion_themes=["task"]))
    assert completion["asks"] == read_phrases("(story|tale) of (help|assist)")
    assert request == {"sorry": read_phrases("sorry")}
    assert completion["sorry"] == read_phrases("sorry", "lo siento")


def test_a_family_in_two_themes_is_refused():
    themes = {name: {"families": {"sorry": ["sorry"]}} for name in ("refusal", "task")}
    with pytest.raises(ValueError, match="defined twice: \\['sorry'\\]"):
        read_families(document(themes=themes, completion_themes=["refusal", "task"]))


def test_the_cues_are_those_that_models_of_this_feature_set_were_fitted_on():
    """If this fails: raise FEATURE_SET, fit the shipped model again, and record both here."""
    cues = [[(name, family) for name, family in families.items()] for families in FAMILIES]
    assert (FEATURE_SET, digest_of(cues)) == (1, "a7adec79036ea9cd6fdf352dadd29872")


def test_every_family_that_the_stance_is_made_of_exists():
    named = {name for names in FAMILIES_OF_ROLE.values() for name in names}
    assert named <= set(COMPLETION_FAMILIES)
