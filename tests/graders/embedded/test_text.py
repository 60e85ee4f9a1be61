import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.graders.embedded.text import (
    HEAD_LENGTH,
    READ_LENGTH,
    TAIL_LENGTH,
    expand_contraction,
    read_passage,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I can't", ["i", "can", "not"]),
        ("I can’t", ["i", "can", "not"]),
        ("I CANNOT", ["i", "can", "not"]),
        ("I won't, we shan't", ["i", "will", "not", "we", "shall", "not"]),
        ("It's the dog's", ["it", "is", "the", "dog"]),
        ("I'd've gone", ["i", "would", "have", "gone"]),
        ("Let's talk", ["let", "us", "talk"]),
        ("self-harm", ["self", "harm"]),
        ("日本の首都", ["日本の首都"]),
        ("", []),
        ("n't 't", ["n't", "t"]),
    ],
)
def test_words_are_lower_case_with_contractions_written_out(text: str, words: list[str]):
    assert read_passage(text).words == words


def sentences(text: str) -> list[str]:
    passage = read_passage(text)
    return [" ".join(passage.words[item.start : item.end]) for item in passage.sentences]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sorry. I can't. Why?", ["sorry", "i can not", "why"]),
        ("Dr. Who pays 3.50 euros.", ["dr who pays 3 50 euros"]),
        ("1. First\n2. Second", ["1 first", "2 second"]),
        ("Use e.g. tea. Or coffee.", ["use e g tea", "or coffee"]),
        ("no stop at all", ["no stop at all"]),
        ("Heading\n\nBody text", ["heading", "body text"]),
        (
            "This line of text was wrapped by hand at some column,\nand goes on here.",
            ["this line of text was wrapped by hand at some column and goes on here"],
        ),
        ("東京です。はい。", ["東京です", "はい"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]):
    assert sentences(text) == expected


def test_quotations_and_code_are_not_the_completions_own_voice():
    passage = read_passage('He said "I am sorry" and left.\n```\nraise sorry\n```\nDone.')
    own = [word for word, is_own in zip(passage.words, passage.own_voice, strict=True) if is_own]
    assert own == ["he", "said", "and", "left", "done"]


def test_an_unclosed_quotation_ends_with_its_paragraph():
    passage = read_passage('"Once upon a time\n\nI am sorry.')
    assert passage.own_voice[-3:] == [True, True, True]


def test_a_question_is_told_in_any_script():
    assert [s.is_question for s in read_passage("Why? Because. どう？ كيف؟").sentences] == [
        True,
        False,
        True,
        True,
    ]


def test_beyond_the_limit_head_and_tail_are_read():
    text = "start " * 20_000 + "end " * 20_000
    passage = read_passage(text)
    assert passage.truncated
    assert len(passage.text) == HEAD_LENGTH + 1 + TAIL_LENGTH
    assert (passage.words[0], passage.words[-1]) == ("start", "end")
    assert not read_passage("x" * READ_LENGTH).truncated


@pytest.mark.parametrize(
    "unit", ["'", '"', "a'", "```\n", "*", "1. ", "?!", "\n", "(", "ab-", "’s ", "a" * 50, "🙂"]
)
def test_hostile_text_of_ten_megabytes_is_read_at_once(unit: str):
    text = unit * (10_000_000 // len(unit))
    before = time.process_time()
    read_passage(text)
    assert time.process_time() - before < 2


@given(st.text(max_size=300))
def test_any_text_reads_into_consistent_parts(text: str):
    passage = read_passage(text)
    count = len(passage.words)
    assert len(passage.own_voice) == len(passage.sentence_of) == count
    assert sum(item.end - item.start for item in passage.sentences) == count
    for at, item in enumerate(passage.sentences):
        assert item.start < item.end
        assert all(passage.sentence_of[word] == at for word in range(item.start, item.end))


@given(st.text(alphabet="abnt'sdlv", max_size=12))
def test_expanding_a_contraction_loses_no_word(word: str):
    assert all(isinstance(part, str) for part in expand_contraction(word))
    assert len(expand_contraction(word)) >= 1
