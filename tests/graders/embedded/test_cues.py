import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.graders.embedded.cues import CueIndex, cue_elements, matches_wildcard
from rbrctl.graders.embedded.text import read_passage


def found(cue: str, text: str) -> bool:
    return bool(CueIndex.of_cues({"group": [cue]}).find(read_passage(text)))


@pytest.mark.parametrize(
    ("cue", "elements"),
    [
        ("I'm sorry", ("i", "am", "sorry")),
        ("can't help", ("can", "not", "help")),
        ("apolog*", ("apolog*",)),
        ("*ing*", ("*ing*",)),
        ("pick ... lock", ("pick", "...", "lock")),
        ("pick … lock", ("pick", "...", "lock")),
        ("... lock ... ... key ...", ("lock", "...", "key")),
        ("***", ("***",)),
        ("?!", ()),
        ("", ()),
    ],
)
def test_a_cue_is_words_wildcards_and_gaps(cue: str, elements: tuple[str, ...]):
    assert cue_elements(cue) == elements


@pytest.mark.parametrize(
    ("cue", "text", "expected"),
    [
        ("sorry", "I am SORRY.", True),
        ("sorry", "Lorry.", False),
        ("i can't", "I cannot do that.", True),
        ("i cannot", "I can’t do that.", True),
        ("i can not", "I can.", False),
        ("apolog*", "My apologies!", True),
        ("apolog*", "apolo gies", False),
        ("*ology", "Biology is fun", True),
        ("un*able", "unbelievable", True),
        ("pick ... lock", "pick the old rusty front door lock", True),
        ("pick ... lock", "pick the very old rusty front door lock", False),
        ("pick ... lock", "pick lock", True),
        ("pick ... lock", "Pick it. The lock is old.", False),
        ("self-harm", "thoughts of self harm", True),
        ("你好", "你好", True),
        ("a ... b ... c", "a x b y y c", True),
    ],
)
def test_cues_match_as_documented(cue: str, text: str, expected: bool):
    assert found(cue, text) is expected


def test_hits_of_one_group_do_not_overlap_and_groups_are_told_apart():
    index = CueIndex.of_cues({"sorry": ["so sorry", "sorry"], "so": ["so"]})
    hits = [(hit.group, hit.start, hit.end) for hit in index.find(read_passage("so sorry sorry"))]
    assert hits == [("sorry", 0, 2), ("so", 0, 1), ("sorry", 2, 3)]


def test_the_longest_cue_of_a_group_wins():
    index = CueIndex.of_cues({"g": ["a ... b", "a"]})
    assert [hit.end for hit in index.find(read_passage("a b x b"))] == [4]


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_wildcards_agree_with_a_regular_expression(pattern: str, word: str):
    if "*" not in pattern:
        return
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), word) is not None
    assert matches_wildcard(word, pattern) is expected


def brute_force(elements: tuple[str, ...], words: list[str]) -> bool:
    """Match element by element at every place, trying every length of every gap."""

    def at(element: int, position: int) -> bool:
        if element == len(elements):
            return True
        if elements[element] == "...":
            return any(at(element + 1, position + skip) for skip in range(6))
        if position >= len(words):
            return False
        expected = elements[element]
        fits = (
            matches_wildcard(words[position], expected)
            if "*" in expected
            else words[position] == expected
        )
        return fits and at(element + 1, position + 1)

    return any(at(0, start) for start in range(len(words)))


CUE_PARTS = st.lists(st.sampled_from(["a", "b", "ab", "a*", "*b", "..."]), min_size=1, max_size=5)


@given(
    st.lists(CUE_PARTS, min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b", "ab", "ba", "c"]), max_size=14),
)
def test_the_index_agrees_with_brute_force(cues: list[list[str]], words: list[str]):
    groups = {str(at): [" ".join(parts)] for at, parts in enumerate(cues)}
    hits = {hit.group for hit in CueIndex.of_cues(groups).find(read_passage(" ".join(words)))}
    for name, (cue,) in groups.items():
        elements = cue_elements(cue)
        expected = bool(elements) and brute_force(elements, words)
        assert (name in hits) is expected


def test_hostile_cues_and_text_stay_quick():
    cues = [" ... ".join(["a"] * length) for length in range(1, 30)] + ["*a*a*a*a*b", "a*" * 20]
    text = "a " * 20_000 + "a" * 2_000
    before = time.process_time()
    CueIndex.of_cues({"g": cues}).find(read_passage(text))
    assert time.process_time() - before < 15
