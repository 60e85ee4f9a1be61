import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbrctl.rewards.reasoning import TAGS, opens_thinking, without_thinking

TEXTS = st.text("ab<>/ \n", max_size=30).filter(
    lambda text: not any(tag in text for pair in TAGS for tag in pair)
)
PAIRS = st.sampled_from(TAGS)


@given(PAIRS, TEXTS, TEXTS, st.sampled_from(["", " ", "\n\n"]))
def test_a_leading_block_is_dropped(
    pair: tuple[str, str], thinking: str, reply: str, space: str
) -> None:
    opening, closing = pair
    assert without_thinking(f"{space}{opening}{thinking}{closing}{reply}") == reply.lstrip()
    assert without_thinking(f"{thinking}{closing}{reply}", opened=True) == reply.lstrip()


@given(TEXTS)
def test_a_text_without_thinking_stays_as_it_is(text: str) -> None:
    assert without_thinking(text) == text


@given(PAIRS, TEXTS)
def test_a_block_that_is_never_closed_leaves_no_reply(pair: tuple[str, str], text: str) -> None:
    assert without_thinking(pair[0] + text) is None
    assert without_thinking(text, opened=True) is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("<think>a</think><think>b</think> c", "<think>b</think> c"),
        ("rude <think>a</think> kind", "rude <think>a</think> kind"),
        ("opened by the template</think>kind", "kind"),
        ("<think>a</think>", ""),
        ("", ""),
    ],
)
def test_only_what_stands_before_the_reply_is_thinking(text: str, reply: str) -> None:
    assert without_thinking(text) == reply


def test_a_prompt_may_open_the_block() -> None:
    assert opens_thinking("<|im_start|>assistant\n<think>\n")
    assert not opens_thinking("<|im_start|>assistant\n<think>\n\n</think>\n\n")
